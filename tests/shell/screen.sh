# Output and the screen: it fits, it is paged where it is taller, and a pipe gets
# nothing but data.
. tests/shell/tap.bash
. tests/shell/tmux.bash
cd "$tmp/work" || exit 1

printf 'USUBJID,AGE\n1,50\n2,60\n3,70\n4,80\n' >t.csv
"$TRIALSH" -e 's = study.create "t.db"' -e 's:import "t.csv"' >make.out 2>&1
widest() { screen | wc -L; }

# fits -------------------------------------------------------------------------------
cat >f.lua <<'LUA'
local build, wrap = require "ts.frame".build, require "trialsh.data".wrap
f = wrap(build({ "日本", "é", "x", "t" }, { { "日本語", "ab", NA },
  { "e\u{301}a", "bb", "c" }, { 0.125, 12.5, NA }, { "", NA, "NA" } }))
local names, arrays = {}, {}
for j = 1, 30 do
  names[j], arrays[j] = "COLUMN" .. j, {}
  for i = 1, 100 do arrays[j][i] = i * j end
end
g = wrap(build(names, arrays))
LUA
wide=60 start w -q
line 'dofile "f.lua"'
line 'g'
seen "head and tail, with counts and the names of the rest" \
  '^  15 of 100 rows, 6 of 30 columns \(not: COLUMN7 COLUMN8 '
seen "a row of types" '^ +real +real'
check "no line is wider than the screen" test "$(widest)" -le 60
check "nor the whole taller" test "$(screen | grep -c .)" -lt 24
line '.mode box'
line 'g'
seen "in a box as well" '^│ 100 │ +100 │ +200 │'
check "no line of it is wider" test "$(widest)" -le 60
line '.mode table'
line 'f'
seen "wide and combining characters are aligned" '^2  ab      bb  12\.500  NA$'
seen "NA is not empty text, nor the text NA" '^3  NA      c       NA  "NA"$'
seen "numbers stand by their point" '^1  日本語  .*a   0\.125  ""$'
line 'wilcoxon({ 1, 2, 3, 5.5 }, { 4, 5, 6, 7.5 }, { conf_level = 0.95 })'
sees 'smallest P'
check "sentences break at a blank" test "$(widest)" -le 60
line '("word "):rep(13) .. "end"'
seen "so does a text" '^word end$'
cat >long.lua <<'LUA'
warn("a warning of more words than one line of sixty columns has room for,"
  .. " 日本語 " .. ("x"):rep(70) .. " and more")
local x = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" .. demo.adsl:where "AGEE > 3"
LUA
line 'dofile "long.lua"'
seen "so do notes, warnings and errors" '^long\.lua:3: where: no column AGEE; nearest: AGE$'
is "where there is one, with the rest moved in" \
  "$(screen | grep -A 4 '^warning' | paste -sd '|')" \
  "warning: a warning of more words than one line of sixty|$(
  )  columns has room for, 日本語|  $(printf 'x%.0s' {1..58})|$(
  )$(printf 'x%.0s' {1..12})|  and more"
is "the line of a script is shown around its word" \
  "$(screen | grep -A 1 '\.\.\.a' | sed 's/^ *//' | paste -sd '|')" \
  '...aaa" .. demo.adsl:where "AGEE > 3"|^'
"$TRIALSH" long.lua 2>err
is "on a pipe they are whole" "$(head -1 err)" "warning: a warning of more$(
  ) words than one line of sixty columns has room for, 日本語 $(
  )$(printf 'x%.0s' {1..70}) and more"
tm resize-window -t "=w:" -x 40 -y 24
line 'g'
seen "a resize holds for what follows" '^  15 of 100 rows, 4 of 30 columns'
wide=80 high=12 start w -q
line 'dofile "f.lua"'
line 'g'
seen "a low screen gets fewer rows" '^  4 of 100 rows, '

# the pager --------------------------------------------------------------------------
cat >"$tmp/pager" <<'SH'
#!/bin/sh
echo "pager $1 got $(wc -l)"
SH
chmod +x "$tmp/pager"
with="PAGER='$tmp/pager -o'" start p -q -d t.db
line '"short"'
seen "what fits is not paged" '^short$'
line '("x\n"):rep(40)'
seen "what is taller is, by \$PAGER with its options" '^pager -o got 41$'
line 's.t'
line '.last'
seen ".last always is" '^pager -o got 5$'
with="PAGER=nosuchpager" start p -q
line '("x\n"):rep(40) .. "end"'
seen "a pager that is not there is done without" '^end$'
mkdir -p "$tmp/bin" && ln -sf "$(command -v sh)" "$(command -v cat)" "$tmp/bin"
with="env -u PAGER PATH=$tmp/bin" start p -q
line '("x\n"):rep(40) .. "end"'
seen "nor is less missed" '^end$'
check "without a word" test "$(shows 'not found')" = 0
with="PAGER=" start p -q
line '("x\n"):rep(40) .. "end"'
seen "so is an empty one" '^end$'
with="TERM=dumb PAGER=$tmp/pager" start p -q
line '("x\n"):rep(40) .. "end"'
seen "so is any on a dumb terminal" '^end$'
with="PAGER='head -1'" start p -q
line '("x\n"):rep(99999) .. "end"'
line '"on"'
seen "a pager that is left early costs nothing" '^on$'

# manners ----------------------------------------------------------------------------
colours() { tm capture-pane -e -p -t "=$pane:" | grep -c $'\033\['; }
with="NO_COLOR=1" start n -q -d t.db
line 's.t'
seen "NO_COLOR" '^4        4   80$'
is "there is no colour" "$(colours)" 0
with="TERM=dumb" start n -q -d t.db
line 's.t'
seen "TERM=dumb" '^4        4   80$'
keys Up
ends "with its history" 1 '> s.t'
"$TRIALSH" -d t.db -e 's.t' -e '?where' -e '("x\n"):rep(99)' >out.txt 2>&1
is "a pipe gets no escape codes" "$(tr -dc '\033\r' <out.txt | wc -c)" 0
check "and no pager" test "$(wc -l <out.txt)" -gt 100
is "-e with a pipe that ends" "$("$TRIALSH" -e '("x\n"):rep(1e6)' 2>&1 | head -1)" x

finish
