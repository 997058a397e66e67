# --safe: what a script that is not trusted cannot do; and limits of time and
# memory. Each escape has one line that says why, and exit code 1.
. tests/shell/tap.bash
unset HISTFILE COLUMNS
here=$PWD
export HOME=$tmp XDG_STATE_HOME=$tmp/state
mkdir "$tmp/work" "$tmp/work/sub"
cd "$tmp/work" || exit 1
echo 'secret of another' >../secret.txt
echo 'return { answer = 42 }' >mod.lua
echo 'return { answer = 43 }' >sub/part.lua
echo 'return 1' >../outer.lua
ln -s ../secret.txt link.txt
printf 'USUBJID,AVAL\n1,2\n' >a.csv
printf 'USUBJID,AVAL\n1,2\n' >../b.csv

options=--safe
# refused NAME CODE: it ends with 1 and one line that begins so
refused() {
  run -e "$2"
  if [ "$rc" = 1 ] && [ -z "$out" ] && [ "$(wc -l <err)" = 1 ] &&
     grep -qE "^error: safe mode: ${3:-}" err; then pass "$1"; else
    fail "$1"
    printf '# %s\n# rc %s, out: %s\n# err: %s\n' "$2" "$rc" "$out" "$err"
  fi
}

outside='.* is outside the working folder$'
refused "a process" 'os.execute "touch PWN"' 'os.execute is not allowed: no processes'
refused "a pipe" 'io.popen "touch PWN"' 'io.popen is not allowed: no processes'
refused "the environment" 'os.getenv "HOME"'
refused "a file beside" 'io.open("../secret.txt")' "$outside"
refused "a file by its whole name" 'io.open("/etc/passwd")' "$outside"
refused "a file through a link" 'io.open("link.txt")' "$outside"
refused "lines of a file" 'for l in io.lines "/etc/passwd" do end' "$outside"
refused "a file to be written" 'io.open("../PWN", "w")' "$outside"
refused "a file to be removed" 'os.remove "../secret.txt"' "$outside"
refused "a file to be moved out" 'os.rename("a.csv", "../PWN")' "$outside"
refused "a file to be moved in" 'os.rename("../secret.txt", "mine")' "$outside"
refused "a temporary file" 'os.tmpname()'
refused "another temporary file" 'io.tmpfile()'
refused "another output" 'io.output "../PWN"'
refused "a module of ours" 'require "ts.store"'
refused "a module of the system" 'require "luaunit"'
refused "a module above" 'require "../outer"'
refused "a module by dots" 'require "...outer"'
refused "a library of C" 'package.loadlib("libc.so.6", "system")'
refused "the list of modules" 'package.loaded.os.execute "id"'
refused "debug" 'debug.getregistry()'
refused "loadfile" 'loadfile "../outer.lua"'
refused "a script above" 'dofile "../outer.lua"' "$outside"
refused "data above" 'read "../b.csv"' "$outside"
refused "data elsewhere" 'study.create("x" .. math.random(9) .. ".db"):import "/etc/passwd"' "$outside"
refused "a study elsewhere" 'study.create "../PWN.db"' "$outside"
refused "an export elsewhere" 'demo:export("adsl", "../PWN.csv")' "$outside"
refused "another kind of export" 'demo:export("adsl", "../PWN.xlsx")' "$outside"
refused "a transport file" 'demo:export("adsl", "../PWN.xpt")' "$outside"
refused "a figure elsewhere" 'figure.points { demo.adlb:where("PARAMCD = ?", "ALC") }:save "../PWN.svg"' "$outside"
refused "a catalog elsewhere" "read('$here/tests/data/nosuch.sas7bdat')" "$outside"
refused "a log elsewhere" 'log_to "../PWN.log"' "$outside"
refused "a finalizer" 'setmetatable({}, { __gc = print })' '__gc is not allowed'
refused "addresses by %p" 'string.format("%p", {})'
refused "addresses by :format" '("%20p"):format({})'
refused "the inside of a study" 'for k in pairs(demo) do end'
refused "the inside by next" 'next(demo)'
refused "the inside by rawget" 'rawget(demo.adsl, 1)'
refused "an object without its nature" 'setmetatable(demo, {})'
refused "the collector stopped" 'collectgarbage "stop"'
refused "the way back" 'os.setlocale "C"'
refused "what is refused in a coroutine" 'coroutine.wrap(function() io.popen "id" end)()'
refused "what is refused at the end" 'do local x <close> = setmetatable({}, { __close = function() io.popen "id" end }) end'

run -e 'sql "attach database \"../PWN.db\" as x"'
is "ATTACH" "$rc $out$err" "1 error: SQL only reads; s:import and s.NAME = relation change a study"
for code in "select load_extension('x')" "select readfile('/etc/passwd')" \
    "select writefile('../PWN', 'x')" "select edit('x')"; do
  run -e "sql [[$code]]"
  is "$code" "$rc $out" "1 "
done
for code in "vacuum into '../PWN.db'" "pragma writable_schema = 1" "create table x (a)"; do
  run -e "sql [[$code]]"
  is "$code" "$rc $out" "1 "
done
printf '\033Lua\124' >byte.lua
run byte.lua
is "bytecode in a file" "$rc $(grep -c 'binary chunk' err)" "1 1"
run -e 'load("\27LuaT", "x", "b")'
is "bytecode in a text" "$rc $(grep -c 'binary chunk' out)" "0 1"
run -e 'string.dump'
is "no bytecode is made" "$out" "nil"
run -e 'getmetatable(""), getmetatable(print), getmetatable(_G), getmetatable(demo), getmetatable(demo.adsl.AGE), getmetatable(io.stdout), getmetatable(os)'
is "metatables that are shared are locked" "$out" \
  "locked  locked  locked  locked  locked  locked  locked"
run -e 'print({}, print, io.stdout, coroutine.create(print), function() end)' \
    -e '{}, print, io.stdout, function() end' -e 'tostring(io.stdout)' \
    -e 'string.format("%s %20s", {}, print), ("%s"):format({})' \
    -e 'select(2, pcall(error, setmetatable({}, {})))' \
    -e 'select(2, pcall(function() return {} .. print end))'
is "no addresses" "$(grep -ciE '0x|[0-9a-f]{8}' out) $err" "0 "
run -e 'load("error [[x]]", "@/etc/passwd")()'
is "no line of another file in an error" "$out$err" "/etc/passwd:1: x"
cat >names.lua <<'END'
local names = {} for name in pairs(_G) do names[#names + 1] = name end
  for _, library in ipairs { "coroutine", "io", "math", "os", "string", "table", "utf8" } do
    for name in pairs(_G[library]) do names[#names + 1] = library .. "." .. name end
  end
  table.sort(names) print(table.concat(names, "\n"))
END
run names.lua
is "the names that there are, no more and no less" "$(grep -v '^table\.' out)" \
  "$(cat "$here/tests/shell/safe-names.txt")"
: >"$tmp/plain"
for code in 'dofile = io.open' '_G.io = nil io.open "/etc/passwd"' \
    'string.format = os.execute'; do run -e "$code"; done
check "nothing was done" test ! -e PWN -a ! -e ../PWN -a ! -e ../PWN.db \
  -a ! -e ../PWN.svg -a ! -e ../PWN.csv -a ! -e ../PWN.log
is "the secret is where it was" "$(cat ../secret.txt)" "secret of another"

# what goes on -------------------------------------------------------------------
cat >good.lua <<'END'
local s = study.create "good.db"
s:import "a.csv"
local f = io.open("out.txt", "w")
f:write(require "mod".answer, " ", require "sub.part".answer, "\n")
f:close()
assert(require "mod" == require "mod")
s:export("a", "sub/a.csv")
figure.points { demo.adlb:where("PARAMCD = ?", "ALC") }:save "a.svg"
print(#s.a, io.open("out.txt"):read "a")
print(lm("AVAL ~ TRT01P", demo.adlb).n, help "km" ~= nil, sessioninfo() ~= nil)
for _, x in ipairs { 1 } do print(x) end
for k, v in pairs { a = 2 } do print(k, v) end
print(getmetatable(setmetatable({}, { x = 1 })).x, ("a"):upper(), #arg)
os.remove "out.txt"
END
run good.lua
is "files, modules, figures, studies of its folder" "$rc $out$err" "0 1	42 43

165	true	true
1
a	2
1	A	0"
mkdir elsewhere elsewhere/sub && cd elsewhere && cp ../a.csv . || exit 1
cp ../good.lua ../writes.lua && sed -i 's/"out.txt"/"..\/PWN"/' ../writes.lua
"$TRIALSH" --safe ../writes.lua >out 2>err
is "a script elsewhere cannot write to its folder" "$? $(head -1 err)" \
  "1 ../writes.lua:3: safe mode: ../PWN is outside the working folder"
rm -f good.db
"$TRIALSH" --safe ../good.lua >out 2>err
is "but has its modules" "$? $(head -1 out) $(cat err)" "0 1	42 43 "
cd ..
"$TRIALSH" -e 's = study.create "../other.db"' -e 's:import "a.csv"' 2>/dev/null
run -d ../other.db -e '#s.a' -e 's.b = s.a:where "AVAL > 1"' -e '#s.b'
is "the study that was asked for" "$rc $out$err" "0 1
1"
run --log ../asked.log -e 1
is "the log that was asked for" "$rc $(tail -1 ../asked.log)" \
  "0 0 errors, 0 warnings, 0 notes"
run --log refused.log -e 'io.open("../../etc/passwd")'
is "what was refused stands in the log" "$rc $(grep -c \
  '^ERROR: safe mode: ../../etc/passwd is outside the working folder' refused.log)" "1 1"
rm -rf cgd
cp -r "$here/scripts/cgd" . && rm -f cgd/out/*
run cgd/report.lua
is "a study's whole report" "$rc $(tail -1 out)$err" "0 cgd/out/age.png"

# limits -------------------------------------------------------------------------
# stops NAME SECONDS CODE: ended by its limit of 1 s
stops() {
  local began=$EPOCHREALTIME
  "$TRIALSH" --safe --max-seconds 1 -e "$2" >out 2>err
  rc=$?
  took=$(awk "BEGIN { print ($EPOCHREALTIME - $began < 2.4) }")
  is "$1" "$rc $took $(grep -c 'stopped after 1 s\|it ran too long' err)" "1 1 1"
}
(
  n=0
  while IFS='|' read -r name code; do
    n=$((n + 1))
    ( tried=0; stops "$name" "$code" >"$tmp/stop.$n"; ) &
    [ $((n % 4)) = 0 ] && wait
  done <<'END'
a loop|while true do end
a loop of pcall|while true do pcall(function() while true do end end) end
a loop in a coroutine|coroutine.wrap(function() while true do end end)()
a loop in __close|do local x <close> = setmetatable({}, { __close = function() while true do end end }) end
pcall in pcall|local function f() pcall(f) f() end while true do pcall(f) end
a coroutine of pcall|while true do coroutine.wrap(function() pcall(function() while true do end end) end)() end
a pattern|(("a"):rep(65536)):find((".-"):rep(8) .. "b")
table.move|table.move({}, 1, 1e15, 2)
statistics|while true do wilcoxon("AVAL ~ TRT01P", demo.adlb, { compare = "CYT107 LF vs Placebo" }) end
SQL|sql "with recursive c(x) as (select 1 union all select x + 1 from c) select sum(x) from c"
END
  wait
)
for f in "$tmp"/stop.*; do
  tried=$((tried + 1))
  sed "s/^\(not \)\?ok [0-9]* /\1ok $tried /" "$f"
  grep -q '^not ok' "$f" && failed=$((failed + 1))
done
run --max-seconds 60 -e '1 + 1'
is "a limit that is not met" "$rc $out$err" "0 2"
if [ "$("$TRIALSH" --max-memory 100 -e 'pcall(string.rep, "x", 1 << 28)' 2>/dev/null |
  cut -c 1-5)" = false ]; then
  for code in 'local t = {} for i = 1, 100 do t[i] = ("x"):rep(1 << 25) .. i end' \
      'local s = ("x"):rep(1 << 20) s = s:gsub("x", ("y"):rep(1000))' \
      'local t = {} for i = 1, 1e6 do t[i] = "abcdefghij" end table.concat(t, ("x"):rep(1000))'; do
    /usr/bin/env bash -c 'ulimit -v unlimited 2>/dev/null; exec "$@"' - \
      "$TRIALSH" --safe --max-memory 100 -e "$code" >out 2>err
    is "memory: ${code:0:40}" "$? $(cat err)" "1 error: not enough memory"
  done
else
  skip "memory" "a build with sanitizers"
fi

finish
