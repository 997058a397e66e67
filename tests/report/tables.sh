# Tables as LibreOffice, LaTeX and a browser show them: heads on every page, page x
# of y, no text lost, nothing wider than its page. Pictures are left in
# $B/report/tables for who wants to look.
. tests/shell/tap.bash
here=$PWD
pictures=$here/${B:-build}/report/tables
rm -rf "$pictures" && mkdir -p "$pictures"
cd "$tmp" || exit 1
check "the tables are written" "$TRIALSH" "$here/tests/report/tables.lua" "$tmp"

# each cell of NAME.rows stands in the text, blanks apart, and each word of a label,
# which may be in several lines
holds() { # NAME TEXTFILE
  tr -d " '\n\f\t" <"$2" | # a quote may come as a line of its own
    sed 's/\xe2\x80\x87//g; s/\xc2\xa0//g; s/ﬁ/fi/g; s/ﬂ/fl/g; s/ﬀ/ff/g' >squeezed
  sed '/^\t/!s/ /\n/g' "$1.rows" | tr -d " '\t" | sort -u | grep . >wanted
  local missing=0 word
  while IFS= read -r word; do
    grep -qF -- "$word" squeezed || { echo "missing: $word"; missing=1; }
  done <wanted
  return $missing
}

# every page of a PDF shows these words
each_page() { # PDF WORDS...
  local pdf=$1 n p word
  shift
  n=$(pdfinfo "$pdf" | awk '/^Pages/ { print $2 }')
  [ "$n" -gt 1 ] || { echo "$pdf has $n page"; return 1; }
  for ((p = 1; p <= n; p++)); do
    pdftotext -layout -f $p -l $p "$pdf" page
    [ "$(tr -d ' \n\f' <page | wc -c)" -gt 0 ] || { echo "page $p is empty"; return 1; }
    for word; do
      word=${word//%p/$p} word=${word//%n/$n}
      grep -qF -- "$word" page || { echo "page $p: no $word"; cat page; return 1; }
    done
  done
}

# nothing is printed beyond the page
within_page() { # PDF
  pdftotext -bbox "$1" boxes
  awk -F'"' '/<page/ { w = $2; h = $4 }
    /<word/ { if ($2 < -0.5 || $4 < -0.5 || $6 > w + 0.5 || $8 > h + 0.5) {
      print; bad = 1 } } END { exit bad }' boxes
}

picture() { pdftoppm -r 70 -png "$1" "$pictures/$2"; }

if command -v soffice >/dev/null; then
  office() { # FOLDER FILTER FILES...
    local folder=$1 filter=$2
    shift 2
    soffice -env:UserInstallation=file://"$tmp"/office --headless \
      --convert-to "$filter" --outdir "$folder" "$@" >/dev/null 2>&1
  }
  for kind in rtf docx; do
    office $kind pdf long.$kind wide.$kind text.$kind many.$kind
    for name in long wide text many; do
      check "$name.$kind opens" test -s $kind/$name.pdf
      pdftotext -layout $kind/$name.pdf $kind/$name.txt
      check "$name.$kind: no text is lost" holds $name $kind/$name.txt
      check "$name.$kind: nothing leaves the page" within_page $kind/$name.pdf
      picture $kind/$name.pdf $name-$kind
    done
  done
  check "long.rtf: heads and number on each page" each_page rtf/long.pdf \
    "Long table" "Placebo" "(N = 60)" "Page %p of %n"
  check "long.docx: heads and number on each page" each_page docx/long.pdf \
    "Placebo" "(N = 60)" "Page %p of %n"
  check "wide.rtf: the mark on each page" each_page rtf/wide.pdf "SIMULATED DATA" \
    "Page %p of %n"
  check "wide.docx: the mark on each page" each_page docx/wide.pdf "SIMULATED DATA" \
    "Page %p of %n"
  office csv 'csv:Text - txt - csv (StarCalc):44,34,76,1' long.xlsx text.xlsx
  check "long.xlsx: no text is lost" holds long csv/long.csv
  check "text.xlsx: no formula" grep -qF '=1+1' csv/text.csv
else
  skip "RTF, DOCX and XLSX" "LibreOffice is not installed"
fi

if command -v pdflatex >/dev/null; then
  for name in long wide text many; do
    { printf '\\documentclass[a4paper]{article}\n'
      printf '\\usepackage{cmap}\\usepackage[T1]{fontenc}\\usepackage[utf8]{inputenc}\\usepackage{textcomp}\n'
      printf '\\usepackage{booktabs,longtable,array}\n'
      printf '\\begin{document}\\input{%s.tex}\\end{document}\n' $name; } >doc-$name.tex
    for i in 1 2 3; do
      pdflatex -interaction=nonstopmode -halt-on-error doc-$name.tex >tex.log 2>&1
    done
    check "$name.tex compiles" test -s doc-$name.pdf
    pdftotext -layout doc-$name.pdf doc-$name.txt
    check "$name.tex: no text is lost" holds $name doc-$name.txt
    check "$name.tex: nothing leaves the page" within_page doc-$name.pdf
    is "$name.tex: nothing leaves the text" "$(grep Overfull tex.log)" ""
    picture doc-$name.pdf $name-tex
  done
  check "long.tex: heads on each page" each_page doc-long.pdf "Placebo" "(N = 60)"
else
  skip "LaTeX" "pdflatex is not installed"
fi

if command -v cmark-gfm >/dev/null; then
  for name in long wide text many; do
    cmark-gfm -e table -e autolink -e strikethrough $name.md >$name.md.html
    is "$name.md: one table" "$(grep -c '<table>' $name.md.html)" 1
    sed 's/<[^>]*>//g; s/&lt;/</g; s/&gt;/>/g; s/&quot;/"/g; s/&amp;/\&/g' \
      $name.md.html >$name.md.txt
    check "$name.md: no text is lost" holds $name $name.md.txt
  done
else
  skip "Markdown" "cmark-gfm is not installed"
fi

. "$here/tests/report/browser.bash"
if [ -n "$browser" ]; then
  for name in long wide text many; do
    for width in 1280 390; do
      is "$name.html at $width px" "$(measure $name.html $width)" "SAID[]"
      is "$name.html at $width px: the console is silent" \
        "$(grep -c CONSOLE console)" 0
    done
    chrome --no-pdf-header-footer --print-to-pdf="$tmp/$name-html.pdf" \
      "file://$tmp/$name.html" >/dev/null
    pdftotext -layout $name-html.pdf $name-html.txt
    check "$name.html in print: no text is lost" holds $name $name-html.txt
    chrome --window-size=1280,900 --screenshot="$pictures/$name-html.png" \
      "file://$tmp/$name.html" >/dev/null
    chrome --window-size=390,800 --screenshot="$pictures/$name-html-390.png" \
      "file://$tmp/$name.html" >/dev/null
  done
  for name in wide many; do
    check "$name.html in print: nothing leaves the page" within_page $name-html.pdf
  done
  check "long.html in print: heads on each page" each_page long-html.pdf \
    "Placebo" "(N = 60)"
else
  skip "HTML in a browser" "chromium is not installed"
fi

finish
