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

browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
if [ -z "$browser" ]; then
  skip "the page in a browser" "chromium is not installed"
  finish
  exit
fi
chrome() { # its messages go to console
  timeout 240 "$browser" --headless --no-sandbox --disable-gpu --no-first-run \
    --user-data-dir="$tmp/chrome" --allow-file-access-from-files \
    --disable-web-security --enable-logging=stderr --v=0 "$@" 2>console
}
# a page around the report measures it, since it holds no script itself
measure() { # WIDTH
  cat >outer.html <<END
<!DOCTYPE html><html><body><iframe id="f" src="one.html"
style="width:$1px;height:800px;border:0"></iframe><script>
document.getElementById("f").onload = function () {
  var d = this.contentDocument, said = [], before = 0;
  if (d.documentElement.scrollWidth > $1) said.push("wider: "
    + d.documentElement.scrollWidth);
  d.querySelectorAll("img").forEach(function (i) {
    if (!i.complete || !i.naturalWidth) said.push("no image");
    if (i.getBoundingClientRect().right > $1) said.push("image wider");
    if (!i.alt) said.push("no alt"); });
  d.querySelectorAll("h1,h2,h3,h4,h5,h6").forEach(function (h) {
    var level = +h.tagName.charAt(1);
    if (level > before + 1) said.push("heading " + h.textContent);
    before = level; });
  if (d.querySelectorAll("h1").length != 1) said.push("h1");
  d.querySelectorAll("th").forEach(function (h) {
    if (!h.scope) said.push("no scope: " + h.textContent); });
  d.querySelectorAll("table").forEach(function (t) {
    if (!t.caption) said.push("no caption"); });
  d.querySelectorAll("a").forEach(function (a) {
    if (a.hash && !d.querySelector(a.hash)) said.push("no " + a.hash); });
  ["main", "nav", "header", "footer"].forEach(function (name) {
    if (d.querySelectorAll(name).length != 1) said.push("no one " + name); });
  var ids = {};
  d.querySelectorAll("[id]").forEach(function (e) {
    if (ids[e.id]) said.push("twice " + e.id);
    ids[e.id] = true; });
  if (!d.documentElement.lang || !d.title) said.push("no language or title");
  if (d.scripts.length) said.push("scripts");
  document.body.textContent = "SAID[" + said.join("; ") + "]";
};</script></body></html>
END
  chrome --virtual-time-budget=9000 --dump-dom "file://$PWD/outer.html" |
    grep -o 'SAID\[[^]]*\]'
}
for width in 1280 390; do
  is "at $width px" "$(measure $width)" "SAID[]"
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
