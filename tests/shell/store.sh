#!/usr/bin/env bash
# Studies as files: who may read them, two programs on one, an endless query,
# a trail that another hand cut.
. tests/shell/tap.bash

# Modes ------------------------------------------------------------------------
umask 022
printf 'A,B\n1,x\n2,y\n' > "$tmp/dm.csv"
"$TRIALSH" -e "s = study.create '$tmp/a.db'" -e "s:import '$tmp/dm.csv'" \
  -e "os.execute [[stat -c %a $tmp/a.db $tmp/a.db-wal $tmp/a.db-shm |
      sort | uniq -c | tr -s ' ']];" >"$tmp/modes" 2>&1
is "a study and the files beside it are its owner's alone" \
  "$(cat "$tmp/modes")" " 3 600"
is "a closed study is one file" "$(cd "$tmp" && echo a.db*)" "a.db"
chmod 644 "$tmp/a.db"
is "a file that all may read is told" \
  "$("$TRIALSH" -e "n = require 'trialsh.session'" -e "n.notes = true" \
     -e "s = study.open '$tmp/a.db'" 2>&1 | grep -c 'all users of this')" 1
chmod 600 "$tmp/a.db"

# Journals -----------------------------------------------------------------
journal() {
  sqlite3 "$1" 'pragma journal_mode' 2>&1
}
is "the journal is a write-ahead log" "$(journal "$tmp/a.db")" wal
cp "$tmp/a.db" "$tmp/locked.db"
"$TRIALSH" -d "$tmp/locked.db" -e 's:lock { reason = "x" }' > "$tmp/lock"
is "a locked study has none" "$(journal "$tmp/locked.db")" delete
is "nor may it be written to" "$(stat -c %a "$tmp/locked.db")" 400

# A trail that was cut -----------------------------------------------------------
head=$(sed -n 's/^audit *\([0-9a-f]*\).*/\1/p' "$tmp/lock")
content=$(sed -n 's/^content *//p' "$tmp/lock")
check "the printed hashes are those that are expected" "$TRIALSH" \
  -e "study.open('$tmp/locked.db', { expect = '$head' })" \
  -e "study.open('$tmp/locked.db', { expect = '$content' })"
cp "$tmp/a.db" "$tmp/cut.db"
sqlite3 "$tmp/cut.db" "delete from _ts_audit where seq = 2;
  delete from _ts_table; delete from _ts_column; drop table dm"
check "a trail without its end is a trail" "$TRIALSH" -d "$tmp/cut.db" \
  -e 's:verify()'
is "the hash that left the file finds it" \
  "$("$TRIALSH" -e "study.open('$tmp/cut.db', { expect = '$head' })" 2>&1 |
     grep -c 'cut or altered')" 1
sqlite3 "$tmp/a.db" "update _ts_audit set who = 'nobody' where seq = 2"
"$TRIALSH" -d "$tmp/a.db" -e 's:verify()' >"$tmp/out" 2>&1
is "an altered event fails a script" "$?" 1
check "and is named" grep -q "broken at event 2" "$tmp/out"

# Two programs ---------------------------------------------------------------
printf 'A\n1\n' > "$tmp/n.csv"
"$TRIALSH" -e "study.create '$tmp/two.db'" >/dev/null
cat > "$tmp/many.lua" <<L
local s = study.open "$tmp/two.db"
local done = 0
while done < 12 do
  local ok, err = pcall(function()
    s:import("$tmp/n.csv", { as = arg[1] .. done })
  end)
  if ok then done = done + 1
  elseif not tostring(err):find "in use by another program" then error(err, 0)
  end
end
L
"$TRIALSH" "$tmp/many.lua" x 2>"$tmp/x" & x=$!
"$TRIALSH" "$tmp/many.lua" y 2>"$tmp/y" & y=$!
wait $x; rc=$?
wait $y
is "both imported" "$rc $?" "0 0"
cat "$tmp/x" "$tmp/y" | sed 's/^/# /'
is "no change of theirs is lost" "$("$TRIALSH" -d "$tmp/two.db" \
  -e 's:verify()' -e 'n = 0 for i = 0, 11 do n = n + #s["x" .. i]
      + #s["y" .. i] end print(n)' 2>&1 | tr '\n' ' ')" "25 24 "
cat > "$tmp/busy.lua" <<L
local s = study.open "$tmp/two.db"
local inner = s[next(s)]
inner:change(function()
  os.execute [[$TRIALSH -d "$tmp/two.db" -e 's:lock { reason = "x" }' \
    >"$tmp/other" 2>&1]]
end)
L
"$TRIALSH" "$tmp/busy.lua"
check "a study that is being changed says so" grep -q \
  "two.db is in use by another program" "$tmp/other"

# Endless -----------------------------------------------------------------------
awk 'BEGIN { print "A"; for (i = 0; i < 3000; i++) print i }' > "$tmp/l.csv"
cat > "$tmp/endless.lua" <<L
local s = study.create "$tmp/endless.db"
s:import "$tmp/l.csv"
local r = s.l:mutate "K = 1"
local a, b = r:select("K", "B = A"), r:select("K", "C = A")
io.stdout:write "ready\n"
io.stdout:flush()
print(#r:join(a, "K", { many = true }):join(b, "K", { many = true })
  :where "A + B + C < 0")
L
mkfifo "$tmp/fifo"
"$TRIALSH" "$tmp/endless.lua" >"$tmp/fifo" 2>"$tmp/why" & pid=$!
read -r line <"$tmp/fifo"
sleep 0.5
began=$EPOCHREALTIME
kill -INT $pid
wait $pid
is "Ctrl-C ends an endless query" "$?" 130
took=$(awk "BEGIN { print $EPOCHREALTIME - $began }")
# a machine that does much else gets some more time
check "within a second ($took s)" awk "BEGIN { exit !($took < 1 + $(
  cut -d' ' -f1 /proc/loadavg) / 4) }"
finish
