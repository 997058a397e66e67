# The demo, what it writes, and the first session of README.md.
. tests/shell/tap.bash

mkdir -p "$tmp/scripts"
cp -r scripts/cgd "$tmp/scripts/"
rm -f "$tmp"/scripts/cgd/out/*
cd "$tmp"
export HOME=$tmp

out=scripts/cgd/out
demo() { "$TRIALSH" scripts/cgd/report.lua >"$1" 2>&1; }

check "the demo runs" demo first
check "first infections, placebo" grep -q '^placebo: 30 of 65 ' first
check "first infections, interferon" grep -q '^rIFN-g: 14 of 63 ' first
missing=""
for file in $(sed -n '/^Wrote/,$p' first | sed 1d); do
  test -s "$file" || missing="$missing $file"
done
is "it wrote what it names" "$missing" ""
check "fourteen files are named" test "$(grep -c "^$out/" first)" = 14
check "the page has its tables and figures" test \
  "$(grep -c '<table\|<figure' $out/cgd.html)" = 6
check "and the sentence of the trial" grep -q \
  '14 of 63 with rIFN-g and 30 of 65 with placebo; Log-rank test' $out/cgd.html
check "the figure is one page of text" \
  bash -c "pdftotext $out/survival.pdf - | grep -q 'No. at risk'"
check "the SVG is well-formed" xmllint --noout $out/survival.svg
sums() { (cd $out && sha256sum -- *.html */*.csv *.csv *.pdf *.svg *.png); }
sums >before
check "it runs again" demo second
is "what it prints is the same" "$(sed '/^note/d' second)" \
  "$(sed '/^note/d' first)"
is "what it writes is the same, byte by byte" "$(sums)" "$(cat before)"

# what the session says, between its $ line and the end of the block
sed -n '/^\$ build\/trialsh -d/,/^```$/p' "$OLDPWD/README.md" |
  sed '1d;$d' >want

# each line that begins with > as the prompt would run it
cat >session.lua <<'LUA'
for line in io.lines "want" do
  local code = line:match "^> (.*)$"
  if code then
    print(line)
    local f = load("return " .. code, "=session") or assert(load(code))
    local out = table.pack(pcall(f))
    if not out[1] then
      print("error: " .. (out[2].message or out[2]))
    elseif out.n > 1 then
      print(table.unpack(out, 2, out.n))
    end
  end
end
LUA
"$TRIALSH" -d scripts/cgd/out/cgd.db session.lua >got 2>&1
check "the session has lines" test "$(grep -c '^> ' want)" -ge 5
if diff want got >differs; then pass "the session is as shown"; else
  fail "the session is as shown"
  sed 's/^/# /' differs
fi

finish
