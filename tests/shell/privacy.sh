# What data could do to a terminal, and what could be left of them: escapes,
# temporary files, core files. (History: prompt.sh.)
. tests/shell/tap.bash
. tests/shell/tmux.bash
cd "$tmp/work" || exit 1

# data never steers the terminal -------------------------------------------------
start f
tm select-pane -t "=f:" -T 'title-kept'
line 'bad = "\27[2K\r\27[1A\27[2K001 DRUG-A\27]2;owned-title\7\u{9b}2J\u{202e}"'
line 'print("001 PLACEBO")'
line 'bad'
seen "a value is escaped" '\\x1B\[2K\\x0D\\x1B\[1A\\x1B\[2K001 DRUG-A'
line 'print(bad)'
line '{ bad }'
line 'error(bad, 0)'
sees '^error: .x1B'
is "print, tables and errors too" "$(shows 'x1B\[2K')" 4
is "the line above is as it was" "$(shows '^001 PLACEBO$')" 1
is "the title is as it was" \
  "$(tm display-message -p -t '=f:' '#{pane_title}')" title-kept

# Everything that can carry a text to the terminal; what comes out of it.
cat >steer.lua <<'LUA'
local bad = "\27[2Ja\u{9b}2Jb\27]2;t\7c\u{202e}d\u{2066}e\u{200b}f\rg\bh\127i\x9b2J\u{feff}"
local name = bad:gsub("[\r\b]", "")
local build = require "ts.frame".build
local f = require "trialsh.data".wrap(build({ "id", name, "x" },
  { { "1", "2" }, { bad, "b" }, { 1, 2 } }))
print(f, bad)
for _, v in ipairs { f, { bad, [bad] = bad }, f:count(name) } do
  print(require "trialsh.echo".value(v))
end
for _, mode in ipairs(require "trialsh.prompt.mode".names) do
  print(require "trialsh.prompt.mode".text(f, mode, true))
end
warn(bad)
require "trialsh.note".say("%s", bad)
local function try(...) print(select(2, pcall(...))) end
try(error, bad)
try(function() return f[bad] end)
try(function() return f:where(bad) end)
try(read, bad)
try(study.open, bad)
try(ttest, bad, f)
try(dofile, bad)
try(demo.export, demo, f, bad .. ".csv")
print(describe("x ~ `" .. name .. "`", f))
require "ts.interrupt".progress(bad, 1, 2)
os.exit(pcall(error, bad) and 1 or 0)
LUA
printf 'x\n' >"$(printf 'odd\033[2J\a.csv')"
script -qec "TERM=screen '$TRIALSH' steer.lua; '$TRIALSH' -e 'read \"odd\27[2J\7.csv\"' -e 'error(\"\27[2J\u{9b}\")'" \
  /dev/null >seen </dev/null
check "there is something to see" test "$(grep -c '\\x1B\[2J' seen)" -gt 20
is "no control character reaches the terminal" \
  "$(LC_ALL=C tr -dc '\000-\010\013\014\016-\037\177' <seen | od -c | head -3)" \
  0000000
is "none of the second kind, none that turns the text" "$(LC_ALL=C grep -caP \
  '\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae\x8b\x8e\x8f]|\xe2\x81[\xa6-\xa9]|\xef\xbb\xbf' seen)" 0
is "no byte that is no text" "$(iconv -f UTF-8 -t UTF-8 seen >clean 2>&1; cmp seen clean)" ""

# temporary files ----------------------------------------------------------------
mkdir fake temporary
printf '#!/bin/sh\nexec sleep 1001\n' >fake/gnuplot
chmod +x fake/gnuplot
with="PATH=$PWD/fake:$PATH TMPDIR=$PWD/temporary" start t -q
drawing() {
  line 'figure.points { demo.adlb:where("PARAMCD = ?", "ALC") }:save "k.svg"'
  local i
  for ((i = 0; i < 400; i++)); do
    ls temporary/*/figure.gp >found 2>/dev/null && return
    sleep 0.025
  done
}
drawing
is "a folder of their own, a file in it, for the user alone" \
  "$(stat -c %a temporary/* temporary/*/* | paste -sd ' ')" "700 600"
keys C-c
sees interrupted
is "gone when the work is over" "$(ls temporary)" ""
drawing
with="PATH=$PWD/fake:$PATH TMPDIR=$PWD/temporary" start u -q
is "another program leaves them alone" "$(ls temporary/*/)" figure.gp
pane=t
kill -9 "$(pid)"
sees '^left with 137$'
is "a kill leaves them" "$(ls temporary/*/)" figure.gp
mkdir temporary/trialsh-work
with="TMPDIR=$PWD/temporary" start v -q
is "until the program starts again" "$(ls temporary)" trialsh-work
keys C-d
touch .trialsh-temporary-abcdef .trialsh-temporary-klmnop other
exec 8<.trialsh-temporary-klmnop
flock 8
"$TRIALSH" -e 'demo:export("adsl", "o.csv")' >out 2>&1
is "what a killed export left goes with the next one, what is in use stays" \
  "$(ls -A | grep -E '^\.trialsh|^other')" ".trialsh-temporary-klmnop
other"
exec 8<&-

# core files -----------------------------------------------------------------------
# aborted COMMAND...: how the system says that it ended
aborted() {
  bash -c 'cd cores; ulimit -c "$(ulimit -H -c)"; "$@" & sleep 0.3
    kill -ABRT $!; wait $!' - "$@" 2>&1 | grep -o 'Aborted.*)\|Aborted'
}
mkdir cores
if [ "$(aborted sleep 9)" = "Aborted                 (core dumped)" ]; then
  rm -f cores/*
  is "an abort leaves no core" \
    "$(aborted "$TRIALSH" -e 'while true do end') $(ls cores)" "Aborted "
else
  start c -q
  is "an abort leaves no core" \
    "$(grep -c '^Max core file size *0 *0 ' "/proc/$(pid)/limits")" 1
fi
if [ "$(id -u)" != 0 ]; then
  start c -q
  check "the program is not to be looked into" test ! -r "/proc/$(pid)/mem"
fi

finish
