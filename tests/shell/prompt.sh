# The prompt in a real terminal: printing, blocks, Ctrl-C and Ctrl-D, history,
# help, signals.
. tests/shell/tap.bash
. tests/shell/tmux.bash

# printing ---------------------------------------------------------------------
start a
seen "a banner of one line" '^trialsh [0-9.]+\. \?name for help'
line '1 + 1'
seen "an expression prints itself" '^2$'
line '_ * 21'
seen "_ is the last value" '^42$'
line '6 * 111;'
line '_ + 1, "b"'
seen "a semicolon silences, values stand two blanks apart" '^667  b$'
is "nothing printed behind the semicolon" "$(shows '^666$')" 0
line 'x = = 1'
seen "a wrong line is told at once" "^error: unexpected symbol near '='$"
ends "with a caret below what is wrong" 3 '    x = = 1|        ^|>'
line 'nosuch'
seen "an unknown name is one line" "^error: no variable or function 'nosuch'"
line 'demo.adsl:count()'
seen "an object prints as it says" 'SIMULATED DATA'

# one unit of many lines -------------------------------------------------------
start b
line 'for i = 1, 3 do'
line '  print("n" .. i)'
line 'end'
seen "a block runs when it is complete" '^n3$'
is "a block runs once" "$(shows '^n1$')" 1
keys Up
ends "Up recalls the whole block" 3 '> for i = 1, 3 do|  print("n" .. i)|end'
keys Up Up End
tm send-keys -t "=b:" -l ' print("again")'
keys Down Down End Enter
seen "a block is edited as a whole" '^again$'
line '1 +'
line '1'
seen "an expression goes on too" '^2$'
printf 'y = {\n  1,\n  2,\n  3,\n}\nprint("pasted", #y)\n' >"$tmp/paste"
tm load-buffer "$tmp/paste"
tm paste-buffer -p -t "=b:"
keys Enter
seen "a paste of six lines runs" '^pasted +3$'
is "a paste runs once" "$(shows '^pasted')" 1
keys Up
seen "a paste is recalled as one" '^print\("pasted", #y\)$'
keys C-c
pasted() { printf "$1" >"$tmp/paste"; tm load-buffer "$tmp/paste"; tm paste-buffer -p -t "=b:"; keys Enter; }
start b -q
pasted 'd = demo.adsl\nd:count "SEX"\nd\n  -- the old\n  :where "AGE > 60"\n  :count()\nselect 6 * 7\nas answer;\n.timer\n#d\n'
seen "the lines of a paste print what they are worth" '^24$'
is "each on its own, a chain and SQL as a whole" \
  "$(screen | tail -n 12 | grep -v SIM | paste -sd '|')" \
  '   SEX   n|1  F    12|2  M    12|    n|1  20|   answer|1      42|off|24|>'
pasted '  > a = {\n  >   6 }\n  > a[1] * 7\n  42 was printed\n  > "end"\n'
seen "what is copied from help runs without its > and its output" '^end$'
is "and prints anew" "$(screen | tail -n 3 | paste -sd '|')" '42|end|>'
pasted 'local n = 1\nprint("n is " .. n)\nn = = 2\n'
seen "a wrong line of it is named" '^error: line 3: unexpected symbol near'
is "and nothing of it runs" "$(shows '^n is 1$')" 0

printf '#!/bin/sh\nsed -i s/plain/edited/ "$2"\n' >"$tmp/ed"
chmod +x "$tmp/ed"
with="VISUAL='$tmp/ed -x' TMPDIR=$tmp/work" start b
typed 'print("plain",'
keys Enter
typed '2)'
keys C-x C-e
seen "Ctrl-X Ctrl-E edits the block in \$VISUAL, and runs it as one" '^edited +2$'
keys Up
ends "which is recalled as one" 2 '> print("edited",|2)'
line 'print("plain", 3)'
line '.edit'
seen ".edit does that with the last entry" '^edited +3$'
is "and leaves no file" "$(ls "$tmp/work")" ""
with="VISUAL=nosucheditor" start b
typed '6 * 7'
keys C-x C-e
sees 'not found'
keys Enter
seen "an editor that is not there leaves what was typed" '^42$'

# Ctrl-C and Ctrl-D ------------------------------------------------------------
start c
line 'x = {'
keys 1 , C-c
line 'print("alive")'
seen "Ctrl-C abandons a block" '^alive$'
keys C-c C-c C-c
line 'print("still", 1)'
seen "Ctrl-C at the prompt costs nothing" '^still +1$'
line 'v = 5'
line 'print("go") while true do pcall(function() while true do end end) end'
sees '^go$'
keys C-c
seen "Ctrl-C stops a loop of pcalls" '^(\^C)?interrupted$' 10
line 'print("v is", v)'
seen "what was set survives" '^v is +5$'
tm clear-history -t "=c:"
start c
line 'co = coroutine.create(function() print("in") while true do end end)'
line 'print(select("#", coroutine.resume(co)))'
sees '^in$'
keys C-c
seen "Ctrl-C stops a coroutine" '^(\^C)?interrupted$' 10
line 'f = coroutine.wrap(function() print("in2") while true do pcall(error) end end)'
line 'while true do pcall(f) end'
sees '^in2$'
keys C-c
sees '^(\^C)?interrupted$' 10
line 'print("after", 1)'
seen "a coroutine in a pcall loop too" '^after +1$' 10
line 'g = coroutine.wrap(function() coroutine.yield(7) end) print(g())'
seen "coroutines work afterwards" '^7$'
start c
line 'print("go") os.execute("exec sleep 20")'
sees '^go$'
keys C-c
seen "Ctrl-C ends a child that waits" 'interrupted' 10
line 'print("go2"); ("a"):rep(30):find(("a?"):rep(30) .. ("a"):rep(30))'
sees '^go2$'
keys C-c
line 'print("matched", 1)'
seen "Ctrl-C stops a string pattern" '^matched +1$' 10
start c
line 'print("go3"); debug.setmetatable({}, { __gc = function() while true do end end }) collectgarbage()'
sees '^go3$'
for ((i = 0; i < 20; i++)); do # two may become one where the machine is busy
  keys C-c
  sees '^still in: ' 3 >/dev/null && break
done
seen "a second Ctrl-C says what is running" '^still in: print\("go3"\)'
for ((i = 0; i < 20; i++)); do # a second at most lies between the last two
  keys C-c
  keys C-c
  sees '^left with' 1 >/dev/null && break
done
seen "a third one ends the program" '^left with 130$'

# a study that is changed when Ctrl-C comes has the old state or the new one, and
# goes on: what is imported afterwards is there for another program
{ echo id,x; seq 500000 | sed 's/$/,1/'; } >"$tmp/work/f.csv"
{ echo id,x; seq 500000 | sed 's/$/,2/'; } >"$tmp/work/g.csv"
printf 'id,x\n1,2\n3,4\n' >"$tmp/work/h.csv"
start c
line 'st = study.create "c.db" require "trialsh.session".notes = false'
line 'function again() for _, f in ipairs { "f.csv", "g.csv" } do st:import(f, { as = "t", replace = true }) end end'
for i in 1 2 3 4 5 6; do
  line "print('round', $i) while true do again() end"
  sees "^round +$i\$"
  sleep "0.$i" # at another moment each time
  keys C-c
  line "print('out', $i)"
  sees "^out +$i\$" 20
done
line 'st:import("h.csv", { as = "last" }) print(#st.last)'
seen "a study works after imports that were stopped" '^2$'
kill -9 "$(pid)"
sees '^left with'
is "and has what was imported then" \
  "$(cd "$tmp/work" && "$TRIALSH" -d c.db -e '#s.last, s:verify() > 1' 2>&1)" "2  true"
start c
line 'x = demo.adlb:select("TRT01P", "V = AVAL")'
line 'for i = 1, 4 do x = x:join(demo.adlb:select("TRT01P", "V" .. i .. " = AVAL"), "TRT01P", { many = true }) end'
line 'print("sql") n = #x'
sees '^sql$'
keys C-c
line 'print(#demo.adsl)'
seen "Ctrl-C stops a query, and the next one works" '^24$' 20

start d
line 'x = {'
keys C-d
line 'print("on")'
seen "Ctrl-D cancels a block" '^on$'
keys C-d
seen "Ctrl-D on an empty line leaves, without a question" '^left with 0$'
start d
line 'x = {'
keys C-d C-d
seen "one after the other as well" '^left with 0$'
for word in quit exit 'q()' 'quit()' 'exit()' 'exit(4)' .quit .exit .q '\q'; do
  start d
  line "$word"
  case $word in *4*) code=4 ;; *) code=0 ;; esac
  seen "$word leaves" "^left with $code\$"
done

# keys -------------------------------------------------------------------------
printf '$if trialsh\n"\\C-t": "print(6 * 7)"\n"\\C-g": "hidden"\n$endif\n$if other\n"\\C-t": "x"\n$endif\n' \
  >"$HOME/.inputrc"
start k -q
rm "$HOME/.inputrc"
line 'first = "found"'
line 'second = 2'
typed 'alpha beta gamma'
keys C-Left C-Left
typed 'X'
ends "Ctrl-Left goes back by words" 1 '> alpha Xbeta gamma'
keys C-Right
typed 'Y'
ends "Ctrl-Right forth" 1 '> alpha XbetaY gamma'
keys M-b M-d
ends "Alt-B, Alt-D" 1 '> alpha  gamma'
keys C-_ C-e C-w C-w
ends "Ctrl-_ undoes, Ctrl-W takes words" 1 '> alpha'
keys C-a C-k C-y
ends "Ctrl-K, Ctrl-Y" 1 '> alpha'
keys C-u
keys C-r
typed 'fir'
sees 'reverse-i-search.*first = "found"'
keys Enter
line 'first'
seen "Ctrl-R finds what was typed" '^found$'
keys C-r
typed '= '
keys C-r C-s
ends "Ctrl-S goes the other way" 1 '(i-search)`= '"'"': second = 2'
keys C-c
line 'third = "word"'
typed 'print('
keys M-.
typed ')'
ends "Alt-. brings the last word" 1 '> print("word")'
keys C-u C-l
is "Ctrl-L clears the screen" "$(sees '^>$' >/dev/null; screen)" ">"
keys C-t Enter
seen "keys of the user's inputrc, for this program" '^42$'
keys C-c

# history ----------------------------------------------------------------------
rm -rf "$XDG_STATE_HOME"
start h
line 'v = 12345'
line ' secret = 1'
line 'w = {'
line '}'
line 'print("done")'
sees '^done$'
is "the history is the user's alone" "$(stat -c %a "$history")" 600
is "so is its folder" "$(stat -c %a "$XDG_STATE_HOME/trialsh")" 700
is "entries are whole, a leading blank keeps one out" \
  "$(paste -sd '|' "$history")" 'v = 12345|w = {\n}|print("done")'
kill -9 "$(pid)"
sees '^left with'
start h
keys Up Up
ends "a kill loses nothing" 2 '> w = {|}'
keys C-c
line 'print("one")'
sees '^one$'
line 'aa = 1'
line 'bb = 2'
line 'aaa = 3'
line 'bbb = 4'
tm send-keys -t "=h:" -l aa
keys Up
ends "Up looks for what begins as typed" 1 '> aaa = 3'
keys Up
ends "and goes on with it" 1 '> aa = 1'
keys Down
ends "Down comes back" 1 '> aaa = 3'
keys C-c
start i
line 'print("two")'
sees '^two$'
pane=h
line 'print("three")'
sees '^three$'
is "two shells share the file" "$(tail -n 3 "$history" | paste -sd '|')" \
  'bbb = 4|print("two")|print("three")'
for ((i = 0; i < 60000; i++)); do echo "x$i = 'a long history'"; done >>"$history"
start j
keys Up
ends "a long history is kept" 1 "> x59999 = 'a long history'"
check "but its file is cut at a start" test "$(stat -c %s "$history")" -lt 600000
is "at a whole entry, for the user alone" \
  "$(head -1 "$history" | tr -d 0-9) $(stat -c %a "$history")" "x = 'a long history' 600"
ln -sf "$tmp/target" "$tmp/link" && rm -f "$history" && ln -s "$tmp/target" "$history"
start h
seen "a symbolic link is refused" 'no history is kept'
line 'print("x")'
sees '^x$'
check "and not followed" test ! -e "$tmp/target"
rm -f "$history"
start h --no-history
line 'print("x")'
sees '^x$'
check "--no-history keeps none" test ! -e "$history"
export HISTFILE=
tm set-environment -g HISTFILE ''
start h
line 'print("x")'
sees '^x$'
check "an empty HISTFILE keeps none" test ! -e "$history"
unset HISTFILE
tm set-environment -gu HISTFILE

# help -------------------------------------------------------------------------
high=60 start e
line '?where'
seen "?name shows help" '^relation:where\('
line 'quit?'
seen "name? too" '^quit\(\[code\]\)'
line 'help padjust'
seen "help name as well" '^padjust\('
line '??beside levels'
seen "??words searches" '^relation:levels'
line '?wher'
seen "the nearest topic" "^error: no help on 'wher'; nearest: where$"
high=60 start e
line '?'
seen "? alone shows what there is" '^Statistics$'

# the terminal's own signals -----------------------------------------------------
tm kill-session -t "=z" 2>/dev/null
tm new-session -d -s z -x 80 -y 24 -c "$tmp/work" "PS1='outside ' TERM=screen bash --norc"
pane=z
sees '^outside'
line "$TRIALSH -q"
sees '^>$'
tm send-keys -t "=z:" -l 'print("sus" ..'
sees '"sus" \.\.$' # Ctrl-Z drops what the terminal has not handed on
keys C-z
seen "Ctrl-Z gives the terminal back" 'Stopped'
line 'echo echoed | tr e E; fg'
sees '^EchoEd$'
tm send-keys -t "=z:" -l ' "pended")'
keys Enter
seen "and what was typed goes on afterwards" '^suspended$'
line '1'
kill -TERM "$(pgrep -P "$(tm list-panes -t '=z:' -F '#{pane_pid}')" trialsh)"
sees 'Terminated'
line 'stty -a | grep -o "[ -]icanon"; stty -a | grep -wo "[ -]*echo"'
sees '^ ?echo$'
is "an end by TERM leaves the terminal in order" "$(tail_of 3 | grep -c -- '-echo\|-icanon')" 0
line 'exit'
start g
tm resize-window -t "=g:" -x 40 -y 24
line 'require "trialsh.session".width()'
seen "another width is noticed" '^40$'
line 'print("end")'
seen "and the prompt goes on" '^end$'
kill -QUIT "$(pid)"
seen "SIGQUIT ends it" '^left with 131$'
check "with the terminal in order" sh -c "stty -a <'$(tm display-message -p \
  -t '=g:' '#{pane_tty}')' | grep -q ' icanon .* echo '"

# options ------------------------------------------------------------------------
echo 'answer = 42 print("script ran")' >"$tmp/work/s.lua"
start o -q -i s.lua
seen "-i prompts after the script" '^script ran$'
line 'answer'
seen "with what it has set" '^42$'
check "-q shows no banner" test "$(shows 'Tab completes')" = 0
start o -d c.db
seen "-d opens a study as s" '^c\.db\. \?name for help'
line '#s.last'
seen "and it is there" '^2$'

finish
