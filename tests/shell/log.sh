# --log and log_to(): what a log holds, that it counts right, that it is whole.
. tests/shell/tap.bash
unset HISTFILE COLUMNS
export HOME=$tmp XDG_STATE_HOME=$tmp/state
cd "$tmp" || exit 1

# body LOG: without what differs from run to run; steps of a moment that said
# nothing have no line of times
body() {
  sed '1,/^$/d' "$1" | sed -E \
    -e '/^ +elapsed/d' -e 's/[0-9]+\.[0-9]{3} s/N s/g' -e 's/[0-9a-f]{64}/HASH/g'
}

cat >dm.csv <<'END'
USUBJID,ARM,AGE
1,A,40
2,B,51
3,A,
4,B,62
END
cat >lb.csv <<'END'
USUBJID,AVAL
1,5
1,6
2,7
9,1
END
cat >analysis.lua <<'END'
#!/usr/bin/env trialsh
-- A small analysis.
local s = study.create "a.db"
s:import "dm.csv"
s:import "lb.csv"

s.old = s.dm:where("AGE > ?", 41):select "USUBJID"
local both = s.lb:join(s.dm:mutate "X = 1":union(s.dm:mutate "X = 2"),
  "USUBJID", { many = true })
print("rows", #both)

local t = { a = 1 }; t.b = 2
s:export("old", "old.csv")
local f = io.open("own.txt", "w")
f:write "mine"
f:close()
END
run --log run.log analysis.lua
is "a run that is logged prints the same" "$rc $out" "0 rows	7"
is "the log" "$(body run.log)" 'analysis.lua
   1  #!/usr/bin/env trialsh
   2  -- A small analysis.
   3  local s = study.create "a.db"
   4  s:import "dm.csv"
NOTE: dm.csv: 4 rows read, 3 columns, table dm
   5  s:import "lb.csv"
NOTE: lb.csv: 4 rows read, 2 columns, table lb
   6
   7  s.old = s.dm:where("AGE > ?", 41):select "USUBJID"
NOTE: dm where AGE > 41: 2 of 4 rows kept
NOTE: where AGE > ?: not decided for 1 row, a value is missing; left out
NOTE: old: 2 rows, 1 column, stored, from dm
   8  local both = s.lb:join(s.dm:mutate "X = 1":union(s.dm:mutate "X = 2"),
   9    "USUBJID", { many = true })
  10  print("rows", #both)
NOTE: join by USUBJID: 3 of 4 rows matched, 4 of 8 rows of the right used
WARNING: join by USUBJID: many to many, 1 key repeats on both sides
| rows	7
  11
  12  local t = { a = 1 }; t.b = 2
  13  s:export("old", "old.csv")
OUTPUT: old.csv, 12 bytes
        SHA-256 HASH
  14  local f = io.open("own.txt", "w")
  15  f:write "mine"
  16  f:close()

OUTPUT: own.txt, 4 bytes
        SHA-256 HASH
script  analysis.lua  SHA-256 HASH
study  a.db  event 4 of its audit trail, SHA-256 HASH
exit code 0, elapsed N s, CPU N s
0 errors, 1 warning, 6 notes'
sed -n '/^OUTPUT/{s/^OUTPUT: \(.*\), [0-9]* bytes$/\1/;h;n;s/^ *SHA-256 //;G;s/\n/  /p}' \
  run.log >sums
check "its hashes are those of the files" sha256sum -c sums
is "what has said something has its times" "$(grep -A1 'table dm' run.log |
  sed -nE '2s/[0-9]+\.[0-9]{3} s/N/gp')" "      elapsed N, CPU N"
is "two files were hashed" "$(wc -l <sums | tr -d ' ')" 2
is "it begins with the versions" \
  "$(sed -n '1p;2s/,.*//p;3s/ [0-9.]*$//p;4s/ [0-9.]*$//p' run.log)" \
  'trialsh log of analysis.lua
program         trialsh 0.1.0
Lua            
SQLite         '
cat >lines.lua <<'END'
-- every line is an object, and the last one counts what the others are
local json, n, types, last = require "ts.json", 0, {}, nil
for line in io.lines(arg[1]) do
  local e = json.decode(line)
  types[e.type] = (types[e.type] or 0) + 1
  last = e
end
print(types.begin, types.note, types.warning, types.output, types.printed,
  types["end"], types.step, last.errors, last.warnings, last.notes, last.exit)
END
run lines.lua run.log.jsonl
is "the same as JSON lines" "$out$err" "1	6	1	2	1	1	11	0	1	6	0"
rm a.db
run --werror --log run.log analysis.lua
is "under --werror the log says so" "$rc $(tail -2 run.log | sed 's/,.*//')" \
  "3 exit code 3
0 errors"

# errors ---------------------------------------------------------------------------
printf 'print(1)\nlocal ok = pcall(error, "caught")\n\nlocal x = demo.adsl:select(\n  "AGEE")\nprint(2)\n' >bad.lua
run --log bad.log bad.lua
is "an error ends it" "$rc $(body bad.log)" "1 bad.lua
   1  print(1)
| 1
   2  local ok = pcall(error, \"caught\")
   3
   4  local x = demo.adsl:select(
   5    \"AGEE\")
ERROR: bad.lua:5: select: no column AGEE; nearest: AGE
           \"AGEE\")
            ^

script  bad.lua  SHA-256 HASH
exit code 1, elapsed N s, CPU N s
1 error, 0 warnings, 0 notes"
printf 'exit(1)\n' >leaves.lua
run --log leaves.log leaves.lua
is "exit(1) counts as an error" "$rc $(tail -1 leaves.log)" \
  "1 1 error, 0 warnings, 0 notes"
printf 'warn "own"\nquit()\n' >quits.lua
run --log quits.log quits.lua
is "a script that quits ends its log" "$rc $(tail -1 quits.log)" \
  "0 0 errors, 1 warning, 0 notes"
printf 'x = \n' >syntax.lua
run --log syntax.log syntax.lua
is "a script that does not load" "$rc $(tail -1 syntax.log)" \
  "1 1 error, 0 warnings, 0 notes"
echo 'local t = setmetatable({}, { __gc = function() error "in gc" end })
t = nil
collectgarbage()' | "$TRIALSH" --log gc.log - 2>err
is "a warning from where no Lua can run is there" \
  "$(grep -c '^WARNING: .*in gc' gc.log) $(tail -1 gc.log)" \
  "1 0 errors, 1 warning, 0 notes"
printf '\33[2J' >esc
printf 'print(io.open("esc"):read "a") error("\\27[1m", 0)\n' >esc.lua
run --log esc.log esc.lua
is "no control characters reach it" "$(grep -c "$(printf '\33')" esc.log) $(
  grep -cF '\x1B' esc.log)" "0 2"

# what is typed ----------------------------------------------------------------------
run --log e.log -e 'x = 20' -e 'x +
1' -e nosuch
is "entries after -e" "$rc $(body e.log)" "1 typed
   > x = 20
   > x +
     1
| 21
   > nosuch
ERROR: no variable or function 'nosuch'

exit code 1, elapsed N s, CPU N s
1 error, 0 warnings, 0 notes"

# scripts in scripts ------------------------------------------------------------------
mkdir sub
printf 'local a = ...\nreturn a + 1\n' >sub/part.lua
printf 'local x = dofile("sub/part.lua", 1)\nfor i = 1, 2 do\n  print(i + x)\nend\n' >whole.lua
run --log whole.log whole.lua
is "a script that another runs stands within it" "$(body whole.log)" \
  "whole.lua
   1  local x = dofile(\"sub/part.lua\", 1)

sub/part.lua
   1  local a = ...
   2  return a + 1

whole.lua
   2  for i = 1, 2 do
   3    print(i + x)
   4  end
| 3
| 4

script  whole.lua  SHA-256 HASH
script  sub/part.lua  SHA-256 HASH
exit code 0, elapsed N s, CPU N s
0 errors, 0 warnings, 0 notes"
printf 'local _ENV = { print = print }\nx = 1\nprint(x)\n' >env.lua
run --log env.log env.lua
is "an environment of its own" "$rc $out $(body env.log | sed -n 2,5p)" "0 1    1  local _ENV = { print = print }
   2  x = 1
   3  print(x)
| 1"

# log_to --------------------------------------------------------------------------------
cat >switch.lua <<'END'
print "before"
log_to "t1.log"
print "first"
log_to "t2.log"
warn "second"
log_to()
print "after"
END
run --log t0.log switch.lua
is "log_to switches" "$rc $(grep -h '^[|W]' t0.log t1.log t2.log; tail -qn1 t?.log)" \
  "0 | before
| first
WARNING: second
0 errors, 0 warnings, 0 notes
0 errors, 0 warnings, 0 notes
0 errors, 1 warning, 0 notes"
is "and lists what is its own" "$(body t2.log | head -3)" 'switch.lua
   4  log_to "t2.log"
   5  warn "second"'
rm t?.log*
run switch.lua
is "it needs no --log" "$rc $(grep -h '^[|W]' t1.log t2.log)" "0 | first
WARNING: second"

# files ----------------------------------------------------------------------------------
run --log analysis.lua whole.lua
is "a file that is no log stays" "$rc $err $(head -1 analysis.lua)" \
  "1 error: analysis.lua is there and is no log; it stays as it is #!/usr/bin/env trialsh"
is "and nothing was run" "$out" ""
run --log no/such/folder.log whole.lua
is "a folder that is not there" "$rc $err" \
  "1 error: no/such/folder.log: No such file or directory"
umask 022
run --log mode.log -e 1
is "its mode is the user's" "$(stat -c %a mode.log mode.log.jsonl | tr '\n' ' ')" "644 644 "
(ulimit -f 2
 "$TRIALSH" --log full.log -e 'print(("x"):rep(4000))' >/dev/null 2>err)
is "a log that cannot be written is an error" "$? $(tail -1 err)" \
  "1 trialsh: the log full.log is not whole"
printf 'local n = 0\nfor i = 1, 3e6 do n = n + i %% 7 end\n' >loop.lua
time_of() { local b=$EPOCHREALTIME; "$TRIALSH" "$@" >/dev/null; awk "BEGIN { print $EPOCHREALTIME - $b }"; }
check "a loop takes no longer with a log" awk "BEGIN { exit !($(
  time_of --log loop.log loop.lua) < 0.25 + 2 * $(time_of loop.lua)) }"

# sessioninfo ------------------------------------------------------------------------------
printf 'return 1\n' >mod.lua
printf 'package.path = "./?.lua"\nrequire "mod"\nlocal s = study.open "a.db"\nprint(sessioninfo())\n' >info.lua
run --seed 7 info.lua
missing=""
for word in 'program *trialsh' 'Lua *5.4' SQLite readline 'gnuplot *5' \
    'system *[A-Z]' 'locale *[A-Z]' 'Philox4x32-10, seed 7' 'info.lua  SHA-256 [0-9a-f]\{64\}' \
    'a.db  event 4 of its audit trail, SHA-256 [0-9a-f]\{64\}' \
    'mod  ./mod.lua  SHA-256 [0-9a-f]\{64\}'; do
  grep -q "$word" out || missing="$missing $word"
done
is "sessioninfo() has it all" "$missing$err" ""
printf 'figure.points { demo.adsl, y = "AGE" }:save "o.svg"\n' >fig.lua
run fig.lua
check "a figure knows its script" grep -qE "<desc>trialsh [0-9.]+, commit [0-9a-z]+; fig.lua, SHA-256 $(
  sha256sum fig.lua | cut -c 1-64)</desc>" o.svg
run info.lua
check "its hash of the script" grep -q "$(sha256sum info.lua | cut -c 1-64)" out

finish
