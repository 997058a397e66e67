# What the prompt takes beside plain Lua: locals that stay, SQL, dot commands,
# kinds of output.
. tests/shell/tap.bash
. tests/shell/tmux.bash
cd "$tmp/work" || exit 1

cat >make.lua <<'LUA'
local s = study.create "t.db"
s:import("t.csv")
LUA
cat >t.csv <<'CSV'
USUBJID,ARM,AGE,X
1,A,50,0.1
2,B,60,1e-310
3,A,70,
4,B,80,0.30000000000000004
CSV
"$TRIALSH" make.lua >make.out 2>&1

# locals ---------------------------------------------------------------------------
start a -q -d t.db
line 'local x, y <const> = 40, 2'
line 'x + y'
seen "a local is there in the next line" '^42$'
line 'local function twice(v) local w = 2 * v return w end'
line 'twice(x), rawget(_G, "w")'
seen "so is a local function; a local inside it is not" '^80  nil$'
line 'do local x = 1 end'
line '"x is " .. x'
seen "a local of a block stays there" '^x is 40$'

# SQL ------------------------------------------------------------------------------
start a -q -d t.db
line 'select ARM, avg(AGE) as mean from t group by ARM order by ARM;'
seen "select runs SQL" '^1  A +60$'
line 'select mean + 1 as m'
line 'from _ where ARM = '"'B'"';'
seen "it goes on to the semicolon, and _ is the last value" '^1  71$'
line 'select 6 * 7'
line ''
seen "an empty line ends it too" '^1 +42$'
line 'old = s.t:where "AGE > 55"'
line '.sql with a as (select * from old) select count(*) as n from a'
seen "a variable is a table" '^1  3$'
line 'select("#", 1, 2, 3)'
seen "select( is Lua's own" '^3$'
line 'select AGEE from t;'
seen "a wrong column has a hint" '^error: no column AGEE; nearest: AGE$'
line 'select * from tt;'
seen "so has a wrong table" '^error: no table tt; nearest: t$'
line 'delete from t;'
seen "SQL only reads" '^error: SQL only reads; s:import and s.NAME = relation'

# dot commands -----------------------------------------------------------------------
start b -q -d t.db
line '.tables'
seen ".tables" '^1  t +4 +4 '
line '.schema t'
seen ".schema" '^3  AGE +real$'
line '\d t'
sees '\\d t' && ends "\\d is .schema" 2 '4  X        real|>'
line '.timer on'
line '6 * 7'
seen ".timer tells the time" '^0\.[0-9]{3} s$'
line '.timer off'
line '.tabels'
seen "a wrong command has a hint" '^error: no command \.tabels; nearest: \.tables$'
line '.mode jsn'
seen "so has a wrong kind" "^error: \.mode has no 'jsn'; nearest: json$"
line '.once o.csv'
line '.mode csv'
line 's.t'
line '_'
seen ".mode csv; .once ends after one value" '^1,A,50,0\.1$'
line '.output p.txt'
line '6 * 7'
line '"quiet"'
line '.output'
line '"loud"'
seen ".output ends" '^loud$'
is ".output went to a file" "$(cat p.txt)" "42
quiet"
is ".mode does not lose a bit" "$(cat o.csv)" "$(cat t.csv)"
line '.show'
seen ".show tells what is set" '^mode +csv$'
echo 'print("read", ...)' >"r.lua"
line '.read r.lua'
seen ".read runs a script" '^read$'
line '.headers off'
line '.once o.csv'
line 's.t'
line '.headers'
seen ".headers off leaves the names out" '^off$'
is "of what is written so" "$(head -1 o.csv)" "1,A,50,0.1"
line '.mode table'
line 's.t:head(1)'
seen "and of a table on the screen" '^1  1  A  50  0\.1$'
is "which has no head then" "$(screen | tail -n 3 | grep -c USUBJID)" 0
line '.headers on'
line '.log run.log'
line 'half = s.t:where "AGE > 55"'
line '#half'
line '.log'
seen ".log FILE logs what follows" '^run\.log$'
line '.log off'
line '.log'
seen ".log off ends it" '^off$'
is "the log has it" "$(grep -c 'half = s.t:where\|^0 errors, 0 warnings' run.log)" 2
printf '#!/bin/sh\necho "ran $*"; exit $1\n' >tool && chmod +x tool
line '.shell ./tool 0 a b'
seen ".shell runs a command of the system" '^ran 0 a b$'
line '!./tool 3 c'
seen "so does !, and a failure is told" '^ran 3 c$'
sees '^exit code 3$'
line '\! ./tool 0 "d  e" | tr a-z A-Z'
seen "so does \\!, by a shell" '^RAN 0 D  E$'
typed '!./to'
keys Tab
keys Enter
seen "its files are completed" '^ran$'
line '!kill -9 $$'
seen "a signal is told" '^ended by signal 9$'
line '!echo up; sleep 30'
seen "it runs" '^up$'
keys C-c
line '6 * 9'
seen "Ctrl-C ends what runs there" '^54$' 10
line '.help'
seen ".help lists them" '^\.once FILE '
start b --safe -q
for command in '.shell id' '!id' '\! id'; do
  line "$command"
  seen "safe mode refuses $command" '^error: safe mode: \.shell is not allowed: no processes$'
  keys C-l
done
line '.edit'
seen "and .edit" '^error: safe mode: \.edit is not allowed: no processes$'
start b -q
line '.help .mode'
seen ".help of a command" '^\.mode \[KIND\] '
line '.tables'
seen "without a study it says so" '^error: no study is open; \.open FILE'
line '.open t.db'
line '#s.t'
seen ".open opens one" '^4$'

# kinds of output --------------------------------------------------------------------
cat >f.lua <<'LUA'
f = require "trialsh.data".wrap(require "ts.frame".build({ "a_b", "t" },
  { { 0.1 + 0.2, 1e-310, NA }, { 'x|y & "q", <z>', "", NA } }))
g = require "trialsh.data".wrap(require "ts.frame".build({ "t" },
  { { "50%_#{$}^~\\", "two\nlines", "NA" } }))
LUA
out() { "$TRIALSH" -e 'dofile "f.lua"' -e ".mode $1" -e "${2:-f}"; }
is "csv" "$(out csv)" 'a_b,t
0.30000000000000004,"x|y & ""q"", <z>"
1e-310,""
,'
is "tsv" "$(out tsv | head -2 | tr '\t' '>')" 'a_b>t
0.30000000000000004>"x|y & ""q"", <z>"'
is "jsonl keeps null apart from empty text" "$(out jsonl)" \
  '{"a_b":0.30000000000000004,"t":"x|y & \"q\", <z>"}
{"a_b":1e-310,"t":""}
{"a_b":null,"t":null}'
is "json" "$(out json | tail -1)" ' {"a_b":null,"t":null}]'
is "md" "$(out md | sed -n 2,3p)" '| --: | :-- |
| 0.3 | x\|y &amp; "q", &lt;z> |'
is "html" "$(out html | sed -n 4p)" \
  '<tr><td align="right">0.3</td><td>x|y &amp; &quot;q&quot;, &lt;z&gt;</td></tr>'
is "latex" "$(out latex g | sed -n 5p)" \
  '50\%\_\#\{\$\}\textasciicircum{}\textasciitilde{}\textbackslash{} \\'
is "box" "$(out box g | head -4)" '┌───┬──────────────┐
│   │ t            │
├───┼──────────────┤
│ 1 │ 50%_#{$}^~\  │'
is "line" "$(out line | head -2)" 'a_b = 0.3
  t = x|y & "q", <z>'
is "a result is its rows" \
  "$(out jsonl 'ttest({ 1, 2, 4 }, { 3, 5, 9 })' | grep -o '"term":"[a-z ]*"')" \
  '"term":"a vs b"'
for kind in csv tsv; do
  out $kind >o.$kind
  out $kind g >g.$kind
  is "what $kind wrote is read back, bit for bit" \
    "$("$TRIALSH" -e 'dofile "f.lua"' -e "r = read 'o.$kind'" \
      -e "q = read 'g.$kind'" -e 'ok = true' -e 'for i = 1, 3 do
        ok = ok and f.a_b[i] == r.a_b[i] and f.t[i] == r.t[i]
          and g.t[i] == q.t[i] end' -e ok 2>&1)" true
done
if command -v pdflatex >/dev/null; then
  { printf '\\documentclass{article}\\begin{document}\n'; out latex g
    printf '\\end{document}\n'; } >o.tex
  check "latex compiles" pdflatex -interaction=batchmode o.tex
fi

finish
