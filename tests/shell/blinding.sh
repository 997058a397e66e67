#!/usr/bin/env bash
# Before s:unblind no byte that is written tells who has which treatment: the
# study and its journal, exports, figures, tables, logs, screen, history, errors
# and what was only there for a moment (witness.c). Each subject's true arm is
# another than its dummy, so that one pattern finds each leak; after s:unblind it
# does find them. A file that is refused leaves none of its words either.
. tests/shell/tap.bash
. tests/shell/tmux.bash

export ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0
if ! ${CC:-gcc} -shared -fPIC -O1 -o "$tmp/witness.so" tests/shell/witness.c \
    2>"$tmp/cc.out"; then
  fail "witness.c is compiled"
  sed 's/^/# /' "$tmp/cc.out"
  finish
fi
tree=$PWD
mkdir "$tmp/sealed" "$tmp/wrong" "$tmp/temporary" "$tmp/work/raw"
export TMPDIR=$tmp/temporary WITNESS=$tmp/written
cd "$tmp/work" || exit 1

# The trial --------------------------------------------------------------------

awk 'BEGIN { print "USUBJID,COUNTRY,RANDDT,AGE"
  for (i = 1; i <= 24; i++)
    printf "S-%03d,%s,2020-01-%02d,%d\n", i, i % 2 ? "FRA" : "USA", i, 40 + i
  }' >raw/dm.csv
awk 'BEGIN { print "USUBJID,DAY,PARAMCD,AVAL"
  for (i = 1; i <= 24; i++) for (d = 1; d <= 8; d += 7)
    printf "S-%03d,%d,X,%d\n", i, d, i * (d + 2) % 17 }' >raw/lb.csv
cat >derive.lua <<'END'
local s = study.open(...)
s.trial = trial "B-1" { seed = 27,
  arms = { { "Quagga-alpha" }, { "Quagga-beta" }, { "Quagga-gamma" } },
  compare = "Quagga-beta vs Quagga-alpha",
  randomisation = { "permuted blocks", ratio = { 1, 1, 1 }, sizes = { 3 },
    strata = "COUNTRY" },
  populations = { { "ITT", "all", "RANDDT is not null" } } }
s:import "raw"
s.adsl = s.arms:join(s.dm, "USUBJID"):key "USUBJID"
s.adlb = s.adsl:select("USUBJID", "TRT01P"):join(s.lb, "USUBJID",
  { many = true }):key("USUBJID", "DAY")
endpoint "X" { title = "X at day 8", role = "primary", data = "adlb",
  where = "DAY = 8", variable = "AVAL", intercurrent = {}, missing = "exclude",
  analysis = "ttest" }
END
# the true arm of each subject: the one after its dummy
cat >"$tmp/codes.lua" <<'END'
local s = study.create ":memory:"
dofile("work/derive.lua", s)
local next_one = { ["Quagga-alpha"] = "Quagga-beta",
  ["Quagga-beta"] = "Quagga-gamma", ["Quagga-gamma"] = "Quagga-alpha" }
print "USUBJID,TRT01P"
for row in s.arms:order "USUBJID":rows() do
  print(row.USUBJID .. "," .. next_one[row.TRT01P])
end
END
(cd "$tmp" && sed 's|"raw"|"work/raw"|' -i work/derive.lua &&
  "$TRIALSH" codes.lua 2>codes.err >sealed/codes.csv;
  sed 's|"work/raw"|"raw"|' -i work/derive.lua)
is "the codes" "$(wc -l <"$tmp/sealed/codes.csv")" 25
sealed=$tmp/sealed/codes.csv

# leaks FILE...: how often the true arm of an id stands behind it, before the next
# id or line, within $reach bytes. Ids are those of the codes in $sealed.
cat >"$tmp/leaks.lua" <<'END'
local true_arm, letters, n, reach = {}, nil, 0, tonumber(os.getenv "REACH")
for line in io.lines(arg[1]) do
  local id, arm = line:match "^(%u+%-%d%d%d),(.+)$"
  if id then true_arm[id], letters = arm, id:match "^%u+" end
end
for i = 2, #arg do
  local f = io.open(arg[i], "rb")
  local all = f and f:read "a" or ""
  if f then f:close() end
  local is_id = letters .. "%-%d%d%d"
  for id, at in all:gmatch("(" .. is_id .. ")()") do
    local near = all:sub(at, at + reach):match "^[^\n]*"
    near = near:sub(1, (near:find(is_id) or 0) - 1)
    local arm = true_arm[id]
    if arm and near:find(arm, 1, true) then
      n = n + 1
      io.stderr:write(("%s: %s %q\n"):format(arg[i], id, near))
    end
  end
end
print(n)
END
leaks() { REACH=${reach:-25} LD_PRELOAD= "$TRIALSH" "$tmp/leaks.lua" "$sealed" "$@" 2>"$tmp/leaks.err"; }
everything() { find "$tmp/work" "$tmp/temporary" "$HOME" "$XDG_STATE_HOME" "$WITNESS" -type f 2>/dev/null; }

# Work on dummy arms -------------------------------------------------------------

cat >dry.lua <<'END'
local s = study.create "b.db"
dofile("derive.lua", s)
print(s, s.arms, s.adsl, s.adlb, s.audit)
for row in s.adsl:rows() do print(row.USUBJID, row.TRT01P) end
print(check(s))
run(s)
print(s.results, s:result "X", why "X", explain "X")
print(describe("AVAL ~ TRT01P", s.adlb), s:dictionary(), s:findings())
for _, ending in ipairs { "csv", "xpt", "json", "xlsx" } do
  s:export("adsl", "adsl." .. ending)
end
s:export(s.results, "results.csv")
figure.points { s.adlb, y = "AVAL", by = "TRT01P" }:save "points.svg"
local t = table.summary { s.adsl, by = "TRT01P", "AGE" }
for _, ending in ipairs { "html", "rtf", "csv" } do t:save("t." .. ending) end
END
LD_PRELOAD=$tmp/witness.so "$TRIALSH" --log dry.log dry.lua >out 2>err </dev/null
is "the dry run" "$? $(cat err)" "0 "
check "its log says of the dummies" grep -q "DUMMY TREATMENT" dry.log
for f in out adsl.csv adsl.xpt adsl.json points.svg t.html t.rtf t.csv \
    results.csv; do
  check "$f is stamped" grep -aq "DUMMY TREATMENT" "$f"
done

# Files that are refused ---------------------------------------------------------

awk -F, 'NR == 4 { $2 = "Okapi-delta" } { print $1 "," $2 }' "$sealed" \
  >"$tmp/wrong/arm.csv"
awk -F, 'NR == 1 { print $0 ",KIT" } NR > 1 { print $0 ",OkapiKit-" NR }' \
  "$sealed" >"$tmp/wrong/column.csv"
sed '5d' "$sealed" >"$tmp/wrong/missing.csv"
sed '5p' "$sealed" >"$tmp/wrong/twice.csv"
sed '7s/$/,Okapi-cell/' "$sealed" >"$tmp/wrong/ragged.csv"
sed '9s/,/,"Okapi/' "$sealed" >"$tmp/wrong/quote.csv"
awk -F, 'NR == 1 { print $0 ",TRT01A" } NR > 1 { print $0 "," (NR == 3 ? "Okapi-9" : NR) }' \
  "$sealed" >"$tmp/wrong/numbers.csv"
for file in "$tmp"/wrong/*.csv; do
  for how in "" --errors=json --full-traceback; do
    LD_PRELOAD=$tmp/witness.so "$TRIALSH" $how --log refused.log -d b.db -e \
      "s:unblind { reason = 'now', codes = '$file' }" >>out 2>>err </dev/null
    is "${file##*/} $how is refused" $? 1
  done
done
LD_PRELOAD=$tmp/witness.so "$TRIALSH" -d b.db -e "s:import '$sealed'" >>out \
  2>>err </dev/null
is "so are the codes as data" $? 1
# a statement that fails with the true arms alone
LD_PRELOAD=$tmp/witness.so "$TRIALSH" -d b.db -e 's.one = s.adsl:where "USUBJID = '"'S-001'"'":
  mutate("A = USUBJID || TRT01P"):levels { A = { s.adsl:mutate("A = USUBJID || TRT01P").A[1] } }' \
  -e "s:unblind { reason = 'now', codes = '$sealed' }" >>out 2>>err </dev/null
is "and what cannot be derived with them" $? 1
check "which is said" grep -q "one, derived again" err
LD_PRELOAD=$tmp/witness.so "$TRIALSH" -d b.db -e 's:drop "one"' -e 's:lock { reason = "clean" }' \
  -e 'print(s)' >>out 2>>err </dev/null
LD_PRELOAD=$tmp/witness.so "$TRIALSH" -d b.db -e \
  "s:unblind { reason = 'now', codes = '$sealed' }" >>out 2>>err </dev/null
is "and a locked study" $? 1
LD_PRELOAD=$tmp/witness.so "$TRIALSH" -d b.db -e 's:unlock { reason = "to unblind" }' >>out 2>>err

# The prompt ---------------------------------------------------------------------

with="ASAN_OPTIONS=$ASAN_OPTIONS LD_PRELOAD=$tmp/witness.so WITNESS=$WITNESS TMPDIR=$TMPDIR" wide=120 start b -d b.db
seen "it opens as blinded" 'b.db: B-1, 24 patients, DUMMY TREATMENT, blinded\. \?name'
line 's.adsl'
seen "a table is stamped" 'DUMMY TREATMENT$'
line 'select USUBJID, TRT01P from arms;'
seen "SQL sees the dummies" 'S-024 +Quagga'
line "s:unblind { reason = 'now', codes = '$tmp/wrong/arm.csv' }"
seen "a wrong file is refused" 'TRT01P is no arm of the trial'
keys Tab
line ''
screen >screen.txt
keys C-d
sees 'left with 0' >/dev/null
check "the history was written" grep -q unblind "$history"

is "the study is as it was" "$("$TRIALSH" -d b.db -e \
  'print(s:verify() == #s.audit, #s.arms, s.arms.TRT01P[1] == s.adsl.TRT01P[1])' 2>/dev/null)" "true	24	true"
check "much was written" test "$(wc -c <"$WITNESS")" -gt 200000
is "no true arm before unblinding" "$(leaks $(everything))" 0
check "nor where" test ! -s "$tmp/leaks.err"
is "nor a word of a file that was refused" "$(grep -rlaE 'Okapi' "$tmp/work" \
  "$TMPDIR" "$HOME" "$XDG_STATE_HOME" "$WITNESS" 2>/dev/null)" ""
is "nothing is left of temporary files" "$(find "$TMPDIR" -type f)" ""

# Killed in the middle, again and again ------------------------------------------

cp b.db before.db
killed=0
for delay in 0.02 0.03 0.04 0.05 0.06 0.08; do
  cp before.db b.db
  LD_PRELOAD=$tmp/witness.so WITNESS=$tmp/killed "$TRIALSH" -d b.db -e \
    "s:unblind { reason = 'now', codes = '$sealed' }" >/dev/null 2>&1 </dev/null &
  pid=$!
  sleep $delay
  kill -9 $pid 2>/dev/null
  wait $pid 2>/dev/null
  state=$("$TRIALSH" -d b.db -e 'print(s:verify() == #s.audit,
    (pcall(s.history, s, "arms")))' 2>/dev/null)
  case $state in
  "true	false") killed=$((killed + 1))
    [ "$(leaks b.db b.db-wal)" = 0 ] || fail "a kill after $delay s leaks" ;;
  "true	true") ;;
  *) fail "a kill after $delay s: $state" ;;
  esac
done
rm -f b.db b.db-wal b.db-shm
cp before.db b.db
pass "killed at once or not, all of it or nothing ($killed times nothing)"

# More rows than SQLite keeps in memory: what it sorts is on no disk either -------

cat >"$tmp/many.lua" <<'END'
local n = tonumber(arg[1])
local function file(name, head, line, times)
  local f = assert(io.open("many/" .. name, "w"))
  f:write(head, "\n")
  for i = 1, n do
    for k = 1, times do f:write(line(("S-%03d"):format(i), k), "\n") end
  end
  f:close()
end
file("dm.csv", "USUBJID", function(id) return id end, 1)
file("lb.csv", "USUBJID,DAY,T", function(id, day)
  return ("%s,%d,%s"):format(id, day, ("x"):rep(400))
end, 60)
local s = study.create "many/m.db"
s.trial = trial "M-1" { seed = 27, arms = { { "Quagga-alpha" },
  { "Quagga-beta" } } }
s:import "many"
s.adsl = s.dm:join(s.arms, "USUBJID"):key "USUBJID"
s.adlb = s.adsl:join(s.lb, "USUBJID", { many = true }):order "T"
  :key("USUBJID", "DAY")
s.one = s.adsl:limit(1):mutate "A = USUBJID || TRT01P"
  :levels { A = { s.adsl:mutate("A = USUBJID || TRT01P").A[1] } }
print "USUBJID,TRT01P"
for row in s.arms:rows() do
  print(row.USUBJID .. "," .. (row.TRT01P == "Quagga-alpha" and "Quagga-beta"
    or "Quagga-alpha"))
end
END
if [ -n "${TRIALSH_LONG:-}" ]; then
  mkdir many
  "$TRIALSH" "$tmp/many.lua" 999 >"$tmp/sealed/many.csv" 2>err
  LD_PRELOAD=$tmp/witness.so WITNESS=$tmp/sorted "$TRIALSH" -d many/m.db -e \
    "s:unblind { reason = 'now', codes = '$tmp/sealed/many.csv' }" >>out 2>>err \
    </dev/null
  is "a statement fails after 20 MB" "$? $(tail -n 1 err | grep -c 'one, derived again')" "1 1"
  is "and none of them was written" "$(sealed=$tmp/sealed/many.csv
    leaks "$tmp/sorted" many/m.db many/m.db-wal)" 0
else
  skip "rows beyond the memory of SQLite" TRIALSH_LONG
fi

# The scripts of IRIS-7, with all that they export and draw ------------------------

if [ -n "${TRIALSH_LONG:-}" ]; then
  mkdir iris7
  cat >"$tmp/iris7_codes.lua" <<'END'
local scripts = ...
dofile(scripts .. "simulate.lua", "iris7")
local s = study.create ":memory:"
dofile(scripts .. "derive.lua", s, "iris7")
local next_one = { Placebo = "CYT107 LF", ["CYT107 LF"] = "CYT107 HF",
  ["CYT107 HF"] = "Placebo" }
print "USUBJID,TRT01P"
for row in s.arms:order "USUBJID":rows() do
  print(row.USUBJID .. "," .. next_one[row.TRT01P])
end
END
  cat >iris7.lua <<'END'
local scripts = ...
local s = study.create "iris7/iris7.db"
dofile(scripts .. "derive.lua", s, "iris7")
dofile(scripts .. "endpoints.lua")
run(s, { rerandomise = false })
print(check(s), s, s.results, s.arms, s.adsl, why "ALC50", explain "ALC50")
for _, name in ipairs { "adsl", "adlb", "adcy", "adtte" } do
  for _, ending in ipairs { "csv", "xpt", "json", "xlsx" } do
    s:export(name, ("iris7/%s.%s"):format(name, ending))
  end
end
local fig, tab = dofile(scripts .. "figures.lua", s),
  dofile(scripts .. "tables.lua", s)
report "dry" { out = "iris7", fig.flow, fig.counts, fig.support, tab.baseline,
  tab.efficacy, tab.serious }
END
  "$TRIALSH" "$tmp/iris7_codes.lua" "$tree/scripts/iris7/" \
    >"$tmp/sealed/iris7.csv" 2>err
  rm iris7/sealed/codes.csv
  LD_PRELOAD=$tmp/witness.so WITNESS=$tmp/iris7.written "$TRIALSH" \
    --log iris7/log iris7.lua "$tree/scripts/iris7/" >iris7/out 2>err </dev/null
  is "IRIS-7 on dummy arms" "$?" 0
  check "much was written" test "$(wc -c <"$tmp/iris7.written")" -gt 5000000
  is "no byte tells a true arm" "$(reach=160 sealed=$tmp/sealed/iris7.csv
    leaks "$tmp/iris7.written" $(find iris7 -type f))" 0
  "$TRIALSH" -d iris7/iris7.db -e "s:unblind { reason = 'now', codes =
    '$tmp/sealed/iris7.csv' }" -e 'print(s.adsl)' >iris7/out 2>err </dev/null
  check "and is found once they are there" test "$(reach=160 sealed=$tmp/sealed/iris7.csv
    leaks iris7/out iris7/iris7.db)" -gt 27
else
  skip "the bytes of IRIS-7" TRIALSH_LONG
fi

# Unblinding ----------------------------------------------------------------------

run -d b.db -e "s:unblind { reason = 'plan signed', codes = '$sealed' }" \
  -e 'print(s, s.adsl, s:verify() == #s.audit)'
is "then it is unblinded" "$rc" 0
check "which its print says" grep -q "unblinded by .*: plan signed" out
check "without the stamp" sh -c '! grep -q DUMMY out'
found=$(leaks b.db out)
check "and the pattern finds the arms ($found times)" test "$found" -gt 24
start c -d b.db
seen "it opens as unblinded" 'b.db: B-1, 24 patients, unblinded\.'
finish
