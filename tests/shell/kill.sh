#!/usr/bin/env bash
# 100 kills during an import: the study is as it was, or has the whole table.
. tests/shell/tap.bash

awk 'BEGIN { print "USUBJID,PARAMCD,ADY,AVAL"
  for (i = 0; i < 20000; i++)
    printf "S-%05d,P%d,%d,%.3f\n", i / 40, i % 5, i % 30, i / 7 }' \
  > "$tmp/lab.csv"
cat > "$tmp/look.lua" <<L
local s = study.open "$tmp/a.db"
local events = s:verify()
local ok, lab = pcall(function() return s.lab end)
if ok then
  assert(#lab == 20000, "rows: " .. #lab)
  assert(lab:row(20000).AVAL == 2857)
  assert(events == 2)
else
  assert(events == 1)
end
print(ok and "new" or "old")
L

began=$EPOCHREALTIME
"$TRIALSH" -e "study.create('$tmp/whole.db'):import '$tmp/lab.csv'" 2>/dev/null
whole=$(awk "BEGIN { print $EPOCHREALTIME - $began }")
new=0 old=0 bad=0 none=0
for i in $(seq 100); do
  rm -f "$tmp"/a.db*
  "$TRIALSH" -e "study.create('$tmp/a.db'):import '$tmp/lab.csv'" \
    2>/dev/null &
  pid=$!
  sleep "$(awk "BEGIN { print $whole * $i / 60 }")"
  kill -9 $pid 2>/dev/null
  wait $pid 2>/dev/null
  if [ ! -s "$tmp/a.db" ]; then none=$((none + 1)); continue; fi
  case $("$TRIALSH" "$tmp/look.lua" 2>"$tmp/why") in
    new) new=$((new + 1)) ;;
    old) old=$((old + 1)) ;;
    *) if grep -q 'no study' "$tmp/why"; then none=$((none + 1))
       else bad=$((bad + 1)); sed 's/^/# /' "$tmp/why"; fi ;;
  esac
done
is "100 kills leave the old state or the new one" "$bad" 0
echo "# $old old, $new new, $none before there was a study"
check "kills came before and after the commit" test $old -gt 2 -a $new -gt 2
finish
