# Scripts, -e and standard input: what they print, where, and the exit codes.
. tests/shell/tap.bash
unset HISTFILE COLUMNS
here=$PWD
export HOME=$tmp XDG_STATE_HOME=$tmp/state
cd "$tmp" || exit 1


run -e '1 + 1'
is "-e prints the value of an expression" "$rc $out$err" "0 2"
run -e 'x = 6' -e 'x * 7;' -e 'x, "a"'
is "-e may be given again; a semicolon silences" "$out" "6  a"
run -e 'local a = 1 return a + 1, "b"'
is "values that statements return are printed" "$out" "2  b"
run -e 'x = nosuch'
is "an unknown name in -e" "$rc $out$err" "1 error: no variable or function 'nosuch'"
run -e 'x = ='
is "a wrong line in -e" "$rc $err" "1 error: unexpected symbol near '='
    x = =
        ^"
run -e '1 +* 2'
is "what is wrong is named" "$err" "error: unexpected symbol near '*'
    1 +* 2
       ^"
run -e 'exit(7)'
is "exit(7)" "$rc" 7
run -e 'quit(false)'
is "quit(false)" "$rc" 1
printf 'return trial "T" {\n  arms = { { "A" } },\n  compare = "A vs B" }\n' >t.lua
for how in "" "--log t.log"; do
  run $how t.lua
  is "what a script returns last has its line $how" "$rc $(head -n 1 err)" \
    "1 t.lua:3: trial T: no arm B; nearest: A"
  rm -f t.log
done

out=$(echo '?km' | "$TRIALSH" 2>err | head -n 1)
is "help by a pipe" "$out" "km(formula, data [, opt]) -> survival curves"
out=$(printf '?nosuch\n?km\n' | "$TRIALSH" 2>err)
is "which ends at a mistake" "$? $out" "1 "
check "and names it" grep -q "no help on 'nosuch'" err

run --nosuch
is "an unknown option" "$rc $(head -1 err)" "2 trialsh: unknown option --nosuch"
run --seed x
is "a seed that is no number" "$rc" 2
run -e
is "-e without code" "$rc $err" "2 trialsh: -e needs a value"
run --version
check "--version" grep -qE '^trialsh [0-9.]+ \([0-9a-z]+\)$' out
run --check-help
check "--check-help runs the examples" grep -qE '^[0-9]+ examples, all as the help says$' out
run --help
check "--help" grep -q '^usage: trialsh' out
is "it has all options that are read" "$(for word in $(
  grep -oE '"--?[a-z-]+"' "$here/lua/shell/main.c" | tr -d '"' | sort -u
); do grep -qE -- "^ +$word\b" out || echo "$word"; done)" ""
run --werror -e 'warn "careful"'
is "--werror" "$rc $err" "3 warning: careful"
run -e 'warn("a", "b")'
is "a warning alone" "$rc $err" "0 warning: ab"
run --werror -e 'warn "x" exit()'
is "--werror and exit()" "$rc" 3
run --seed 7 -e 'math.random(1000000), require "trialsh.session".seed'
first=$out
run --seed=7 -e 'math.random(1000000), require "trialsh.session".seed'
is "a seed makes numbers come again" "$out" "$first"
run -e 'nil'
is "nil is told" "$out" "nil"

"$TRIALSH" - </ 2>err
is "standard input that cannot be read" "$? $(cat err)" \
  "1 error: cannot read standard input: Is a directory"
"$TRIALSH" -e 'for i = 1, 1e5 do print(i) end os.exit(0)' >/dev/full 2>err
is "os.exit(0) when the output is not written" $? 1
(trap '' CHLD; exec "$TRIALSH" -e 'select(3, os.execute "exit 3")') >out
is "a parent that ignores its children" "$(cat out)" 3
awk 'BEGIN { print "A"; for (i = 0; i < 200000; i++) print i }' >large.csv
(ulimit -f 500
 "$TRIALSH" -e 's = study.create "limit.db"' -e 's:import "large.csv"') 2>err
is "a file that may not grow" "$? $(cat err)" "1 error: limit.db: disk I/O error"
is "and holds what it held" "$("$TRIALSH" -d limit.db -e 's:verify()')" 1

# scripts ----------------------------------------------------------------------
printf 'print(#arg, arg[0], arg[1], ...)\n' >args.lua
run args.lua one "two words"
is "a script gets arguments" "$out" "2	args.lua	one	one	two words"
cat >lines.lua <<'END'
local function inner(x)
  return x.y.z
end
local function outer()
  inner({})
  return 1
end
outer()
END
run lines.lua
is "a script's error has place, line and the user's frames" "$rc $out$err" \
  "1 lines.lua:2: attempt to index a nil value (field 'y')
    return x.y.z
             ^
  called from lines.lua:5 in outer
  called from lines.lua:8"
run --full-traceback lines.lua
check "--full-traceback shows C as well" grep -q '\[C\]' err
printf '\n\nlocal x = demo.adsl:where "AGEE > 1"\nprint(#x)\n' >column.lua
run column.lua
check "an error of the library is the user's line" \
  grep -qE '^column\.lua:[34]: .*AGEE.*nearest: AGE' err
check "no frame of the library is shown" test "$(grep -c trialsh/ err)" = 0
printf 'local x = 1\nlocal = 2\n' >syntax.lua
run syntax.lua
is "a syntax error" "$rc $err" "1 syntax.lua:2: <name> expected near '='
    local = 2
          ^"
run nosuch.lua
is "no such script" "$rc $err" "1 error: cannot read nosuch.lua: No such file or directory"
mkdir -p sub
printf 'return "beside " .. ...\n' >sub/part.lua
printf 'print(dofile("part.lua", 3))\n' >sub/whole.lua
run sub/whole.lua
is "dofile looks beside the script and passes arguments" "$out" "beside 3"
printf '#!%s -q\nprint("ran", ...)\n' "/usr/bin/env -S $TRIALSH" >bang
chmod +x bang
is "#! works" "$(./bang 5 </dev/null 2>&1)" "ran	5"
printf '\033LuaT' >code.luac
run code.luac
is "bytecode is refused" "$rc" 1

# standard input -----------------------------------------------------------------
is "standard input is a script" "$(echo 'print(6 * 7)' | "$TRIALSH" 2>&1)" 42
is "so is -, with arguments" "$(echo 'print(...)' | "$TRIALSH" - a b 2>&1)" "a	b"
printf 'error("x")\nprint(1)\n' | "$TRIALSH" - >out 2>err
is "its error ends it" "$? $(cat out)$(cat err)" '1 stdin:1: x
    error("x")'
is "a first line for the system" \
  "$(printf '#!/usr/bin/trialsh\nprint(2)\n' | "$TRIALSH" 2>&1)" 2
is "no prompt, no banner, with -i too" \
  "$(echo 'print(1)' | "$TRIALSH" -i - 2>&1)" 1
"$TRIALSH" -e 'for i = 1, 1e6 do print(i) end' 2>err | head -1 >out
is "head -1 ends it quietly" "$(cat out)$(cat err)" 1
if [ -w /dev/full ]; then
  "$TRIALSH" -e 'print(1)' >/dev/full 2>err
  is "output that cannot be written is an error" "$? $(cat err)" \
    "1 trialsh: standard output cannot be written"
fi

# interrupt ----------------------------------------------------------------------
printf 'print("up") io.stdout:flush()\nwhile true do pcall(error) end\n' >loop.lua
interrupt() { # SECONDS: lets it start, sends SIGINT; exit code
  set -m
  "$TRIALSH" loop.lua >out 2>err </dev/null &
  local pid=$!
  set +m
  for ((i = 0; i < 400; i++)); do grep -q up out && break; sleep 0.01; done
  kill -INT $pid
  wait $pid
}
interrupt
is "Ctrl-C ends a script with 130" "$? $(head -1 err)" "130 loop.lua:2: interrupted"

# files ----------------------------------------------------------------------------
umask 022
run -e 'io.open("mine.txt", "w"):close()'
is "a file that was asked for has the user's mode" "$(stat -c %a mine.txt)" 644
run -e 'os.execute("umask")'
is "and a child the user's umask" "${out%%true*}" "0022
"
printf 'b\r\n\033]2;x\007' >esc.txt
run -e 'print(io.open("esc.txt"):read("a"))'
is "a pipe gets the bytes as they are" "$(od -An -tx1 out | tr -d ' \n')" \
  "620d0a1b5d323b78070a"
run -e 'error("a\27[2J", 0)'
is "an error is escaped all the same" "$err" 'error: a\x1B[2J'

# the manual ------------------------------------------------------------------------
mkdir one two
run -e 'require "trialsh.manual".write "one"'
COLUMNS=60 run -e 'require "trialsh.manual".write "two"'
check "the manual is the same at each build" diff -r one two
run -e 'for _, t in ipairs(require "trialsh.help".topics()) do
  local b = require "trialsh.help".block(t) if b then print(b.name) end end'
missing=$(sort -u out | while read -r name; do
  grep -qF "${name%%[.:]*}" one/trialsh.1 && grep -qF "id=\"${name//:/-}\"" one/manual.html ||
    echo "$name"; done)
is "every topic is in it" "$(wc -l <out | awk '{ print ($1 > 20) }') $missing" "1 "
if command -v groff >/dev/null; then
  is "the man page has no faults" \
    "$(groff -man -Tutf8 -ww one/trialsh.1 2>&1 >/dev/null | head -3)" ""
fi

# a kill while a figure is drawn ----------------------------------------------
mkdir fake drawing
printf '#!/bin/sh\nexec sleep 1000\n' >fake/gnuplot
chmod +x fake/gnuplot
PATH=$PWD/fake:$PATH TMPDIR=$PWD/drawing "$TRIALSH" -e \
  'figure.points { demo.adlb:where("PARAMCD = ?", "ALC") }:save "k.svg"' 2>err &
for ((i = 0; i < 400; i++)); do
  compgen -G 'drawing/trialsh-*/figure.gp' >seen && break
  sleep 0.025
done
kill -TERM $!
wait $! 2>/dev/null
is "a kill while gnuplot draws leaves no file" \
  "$? $(cat seen | wc -l) $(ls drawing)" "143 1 "

finish
