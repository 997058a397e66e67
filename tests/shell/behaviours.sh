# The behaviours of shell.md that no other file here tries, by their literal pass
# lines; the number before each is the one it has there.
. tests/shell/tap.bash
. tests/shell/tmux.bash
cd "$tmp/work" || exit 1

# 8: help of what is defined here
cat >own.lua <<'LUA'
--- double(x): twice x
-- For nothing in particular.
function double(x) return 2 * x end
--- The count at day 29, and why it was chosen.
endpoint "ALC29" { parameter = "ALC", analysis = "ttest" }
LUA
start e -q -i own.lua
line '?double'
seen "8: ?name of a function of a script is its comment" '^For nothing in particular\.$'
line '?endpoint.ALC29'
seen "8: and that of an endpoint" '^The count at day 29, and why it was chosen\.$'
keys C-l
line '??rank sum'
seen "8: ??words finds titles and texts" '^wilcoxon\('
line '?survivval'
seen "8: near names" "^error: no help on 'survivval'; nearest: "

# 9: wrong names
printf 'id,age\n1,50\n2,60\n' >ct.csv
run -e 'd = read "ct.csv"' -e 'd.agee'
is "9: a wrong column" "$rc $out$err" "1 error: no column or verb agee; nearest: age"
run -e 'd = read "ct.csv"' -e 'd.ag'
is "9: the start of a name is no name" "$rc $err" "1 error: no column or verb ag; nearest: age"
run -e 'ttest({ 1, 2 }, { 3, 5 }, { altrnative = "less" })'
is "9: a wrong option" "$rc $err" \
  "1 error: ttest has no option altrnative; nearest: alternative"
run -e 'print(undefined)'
is "9: a global that is not there is no nil" "$rc $out$err" \
  "1 error: no variable or function 'undefined'"

# 10: Lua without its traps
run -e '1 / 0, 7 / 2, 7 // 2, -7 // 2, NA == NA, NA == 1, 1 == 1.0'
is "10: division, and what equals NA" "$out" "Inf  3.5  3  -4  true  false  true"
run -e '1 // 0'
is "10: an error that Lua has" "$rc $err" "1 error: attempt to divide by zero"
run -e 'NA < 1'
is "10: an order with NA" "$err" \
  "error: NA is neither less nor more than anything; ask x == NA first"
for words in 'local' '//' 'NA =='; do
  run -e "??$words"
  check "10: the help tells of $words" test "$rc" = 0
done

# 11: what is wrong in a file
{ echo id,age,sex; for i in $(seq 20); do echo "$i,$((40 + i)),M"; done
  echo 21,sixty,F; echo 22,70,M,x; } >bad.csv
run -e 'read "bad.csv"'
is "11: records and cells, by line and column" "$rc $err" "1 error: bad.csv:23: 4 $(
  )fields, expected 3; lenient = true sets them apart; bad.csv:22:4: 'sixty' is not $(
  )a number in column age; 1 of 21 values; types = { age = \"text\" }, $(
  )na = { words } or lenient = true decides"
run -e 'd, rejects = read("bad.csv", { lenient = true })' -e '#d' -e rejects
is "11: or set apart" "$rc $out" "0 21
   LINE  COLUMN  VALUE      REASON
1    22  age     sixty      is not a number
2    23  NA      22,70,M,x  4 fields, expected 3"
printf 'my var,\u03b1,d\n-999,1,2024-13-01\n-9999,2,2024-01-01\n' >h.csv
run -e 'd = read "h.csv"' -e 'd["my var"][1], d["α"][2], d.d[1]' \
  -e 'd:mutate "x = first_date(d)"'
is "11: names are kept, -999 is a number, a day that is none stays text" \
  "$rc $out" "1 -999  2  2024-13-01"
is "11: what takes dates refuses it by row" "$err" \
  "error: d: '2024-13-01' is no date of the calendar (row 1)"
printf 'a,b,b\n1,2,3\n' >twice.csv
run -e 'read "twice.csv"'
is "11: a name that is there twice" "$rc $err" \
  "1 error: twice.csv:1:5: columns 2 and 3 are both named b"

# 14: the last result
run -e 'sql("select 1 a")' -e 'sql("select a + 1 as b from _")' -e '_.b[1] + 40'
is "14: _ is a table of SQL" "$(tail -1 out)" 42

# 16: a pipe that ends
"$TRIALSH" -e 'for i = 1, 1e5 do print(i) end' 2>err | head -1 >out
is "16: a reader that has enough" "$(cat out err)" 1

# 18: nobody is asked when there is no terminal, and an end by Ctrl-C is 130
printf 'd = read("ct.csv")\nok, why = pcall(read, "bad.csv")\nprint(42)\n' |
  "$TRIALSH" - >out 2>err
is "18: no line is taken for an answer" "$? $(cat out err)" "0 42"
timeout --preserve-status -s INT 0.5 "$TRIALSH" -e 'while true do end' 2>err
is "18: interrupted" "$? $(cat err)" "130 interrupted"

# 21: what a result depends on
run --seed 7 -e 'sessioninfo()'
is "21: programs, libraries, system, locale, seed" "$(grep -cE '^(program +trialsh .*commit|Lua|SQLite|readline|gnuplot|system|locale|random numbers .*seed 7|command|folder)( |$)' out)" 10
printf 'USUBJID,X\n1,2\n' >t.csv
cat >s.lua <<'LUA'
s = study.create "t.db"
s:import "t.csv"
print(sessioninfo())
LUA
run --log s.log s.lua
sum=$(sha256sum s.lua | cut -d ' ' -f 1)
is "21: the script by its SHA-256, and the study" \
  "$(grep -c "$sum" out) $(grep -c '^study .*t\.db' out)" "1 1"
is "21: the same in the log" "$(grep -cE '^(program|SQLite|gnuplot|locale) ' s.log) $(grep -c "$sum" s.log | sed 's/[1-9]/found/')" "4 found"
"$TRIALSH" -e 'figure.points { demo.adlb:where("PARAMCD = ?", "ALC") }:save "f.svg"' >out 2>&1
is "21: a figure knows its program" "$(grep -c "trialsh .*commit" f.svg)" 1

finish
