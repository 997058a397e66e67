# A report as a browser shows and prints it, and its figures as files: nothing is
# wider than the screen, all images load, headings are in order, nothing is said on
# the console; fonts are embedded, SVG is well-formed, two runs give equal bytes.
. tests/shell/tap.bash
here=$PWD
pictures=$here/${B:-build}/report/page
rm -rf "$pictures" && mkdir -p "$pictures"
cd "$tmp" || exit 1
check "the report is written" "$TRIALSH" -q "$here/tests/report/report.lua" "$tmp/out"
cd out || exit 1
check "two runs give equal pages" cmp one.html again/one.html
is "two runs give equal pieces" "$(diff -r one again/one | grep -v manifest)" ""
sha() { sha256sum "$1" | cut -d' ' -f1; }
for f in one/figure-1.pdf one/table-1.docx; do
  check "the manifest has $f" grep -q "$(sha $f)" one/manifest.json
done
check "the manifest has the page" grep -q "$(sha one.html)" one/manifest.json

for f in one/figure-*.svg; do
  check "$f is well-formed" xmllint --noout --nonet "$f"
done
for f in one/figure-*.pdf; do
  is "$f: fonts are embedded" \
    "$(pdffonts "$f" | sed 1,2d | awk '$(NF-4) != "yes"')" ""
  check "$f: the mark" sh -c "pdftotext '$f' - | grep -q 'SIMULATED DATA'"
done
for f in one/figure-*.png; do
  is "$f: 600 dpi" "$(od -An -tu1 -N400 "$f" | tr -d '\n' |
    grep -c ' 112  72  89 115   0   0  92  70   0   0  92  70')" 1
done

. "$here/tests/report/browser.bash"
if [ -z "$browser" ]; then
  skip "the page in a browser" "chromium is not installed"
  finish
  exit
fi
cp "$here/tests/report/faults.html" .
measure faults.html 390 | tr ';' '\n' | sed 's/^ //; s/\]$//; s/^SAID\[//' |
  grep -v '^outside of landmarks' >said
is "what is wrong is said" "$(cat said)" "no language
no title
no zoom
scripts
wider: 3008
twice nav
no main
nav without a name
level of heading Three
empty heading
not one h1
twice a
no none
two links there
link without words
no image
no alt
in a list: P
no caption
no heads
no scope:
empty th
scrolls out of reach:
own order of Tab
contrast: grey
small: tiny"
for width in 1280 390; do
  is "at $width px" "$(measure one.html $width)" "SAID[]"
  is "at $width px: the console is silent" "$(grep -c CONSOLE console)" 0
  chrome --hide-scrollbars --window-size=$width,2400 \
    --screenshot="$pictures/report-$width.png" "file://$PWD/one.html" >/dev/null
done
chrome --no-pdf-header-footer --print-to-pdf="$PWD/one.pdf" "file://$PWD/one.html" \
  >/dev/null
check "it prints" test -s one.pdf
pages=$(pdfinfo one.pdf | awk '/^Pages/ { print $2 }')
check "it has several pages" test "$pages" -gt 4
pdftotext -bbox one.pdf boxes
is "nothing leaves the printed page" "$(awk -F'"' '/<page/ { w = $2; h = $4 }
  /<word/ { if ($2 < -0.5 || $4 < -0.5 || $6 > w + 0.5 || $8 > h + 0.5) print }' boxes)" ""
unmarked=""
for ((p = 1; p <= pages; p++)); do
  pdftotext -f $p -l $p one.pdf - | grep -q "SIMULATED DATA" || unmarked="$unmarked $p"
done
is "the mark is on each printed page" "$unmarked" ""
check "figures are printed with it" sh -c \
  "pdftotext one.pdf - | grep -q 'died before'"
pdftoppm -r 60 -png one.pdf "$pictures/report-print"
finish
