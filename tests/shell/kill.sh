#!/usr/bin/env bash
# Kills in the midst of a change: the study is as it was or as it was to be,
# with all that depends on it, and the audit trail is whole. 20 kills of an
# import, 10 of a lock; ten times as many where TRIALSH_LONG is set.
. tests/shell/tap.bash

lab() { # ROWS: a file of that many
  awk -v n="$1" 'BEGIN { print "USUBJID,PARAMCD,ADY,AVAL"
    for (i = 0; i < n; i++)
      printf "S-%05d,P%d,%d,%.3f\n", i / 40, i % 5, i % 30, i / 7 }'
}

# what every study is asked: a line "TABLES EVENTS", or an error
cat > "$tmp/look.lua" <<'L'
local s = study.open(arg[1])
local ok, lab = pcall(function() return s.lab end)
local events = s:verify()
local big = ok and #s.audit:where "object = 'big'" > 0 and #s.big
local locked = s.audit.verb[#s.audit] == "lock"
-- it can be changed again, unless it is locked
local may = pcall(function() s.later = s.audit:limit(1) end)
assert(may == not locked, "locked or not")
s:verify()
print(ok and #lab or 0, big or 0, events)
L

# after SECONDS: starts $command, kills it then, counts what look.lua says
after() {
  local pid said
  rm -f "$tmp"/a.db*
  eval "$prepare"
  "$TRIALSH" -e "$command" >/dev/null 2>&1 &
  pid=$!
  sleep "$1"
  kill -9 $pid 2>/dev/null
  wait $pid 2>/dev/null
  # killed before there was a study
  if [ ! -s "$tmp/a.db" ]; then n_none=$((n_none + 1)); return; fi
  said=$("$TRIALSH" "$tmp/look.lua" "$tmp/a.db" 2>"$tmp/why" | tr '\t' ' ')
  case $said in
    "$old") n_old=$((n_old + 1)) ;;
    "$new") n_new=$((n_new + 1)) ;;
    *) if grep -q 'no study of trialsh' "$tmp/why"; then
         n_none=$((n_none + 1))
       else
         bad=$((bad + 1)); echo "# $said"; sed 's/^/# /' "$tmp/why"
       fi ;;
  esac
}

times() { awk "BEGIN { print $1 * $2 }"; }

# kills NAME N PREPARE COMMAND OLD NEW: what look.lua must say after each
kills() {
  local name=$1 n=$2 prepare=$3 command=$4 old=$5 new=$6
  local i whole n_old=0 n_new=0 n_none=0 bad=0
  rm -f "$tmp"/a.db*
  eval "$prepare"
  local began=$EPOCHREALTIME
  "$TRIALSH" -e "$command" >/dev/null 2>"$tmp/why" || cat "$tmp/why"
  whole=$(awk "BEGIN { print $EPOCHREALTIME - $began }")
  for i in $(seq "$n"); do after "$(times "$whole" "1.2 * $i / $n")"; done
  # a machine that is busier, or less busy, than it was for the first
  for i in $(seq 6); do
    [ $n_old = 0 ] && after "$(times "$whole" "0.2 / $i")"
    [ $n_new = 0 ] && after "$(times "$whole" "2 ^ $i")"
  done
  rm -f "$tmp"/a.db*
  is "$name: kills leave the old state or the new one" "$bad" 0
  echo "# $n_old old, $n_new new, $n_none before there was a study"
  check "$name: kills came before and after" test $n_old -gt 0 -a $n_new -gt 0
}

n=20
[ -n "${TRIALSH_LONG:-}" ] && n=200
lab 20000 > "$tmp/lab.csv"
lab 100 > "$tmp/first.csv"
"$TRIALSH" -e "s = study.create '$tmp/base.db'" \
  -e "s:import('$tmp/first.csv', { as = 'lab' })" \
  -e "s.big = s.lab:where 'AVAL > 10'" >/dev/null 2>&1
base="cp '$tmp/base.db' '$tmp/a.db'"

kills create $n : "study.create('$tmp/a.db'):import '$tmp/lab.csv'" \
  "0 0 1" "20000 0 2"
kills replace $n "$base" "study.open('$tmp/a.db'):import('$tmp/lab.csv',
  { as = 'lab', replace = true })" "100 29 3" "20000 19929 5"
kills lock $((n / 2)) "$base" "study.open('$tmp/a.db'):lock { reason = 'x' }" \
  "100 29 3" "100 29 4"
kills unlock $((n / 2)) "rm -f '$tmp/a.db'; $base; '$TRIALSH' -e \"study.open(
  '$tmp/a.db'):lock { reason = 'x' }\" >/dev/null" \
  "study.open('$tmp/a.db'):unlock { reason = 'x' }" "100 29 4" "100 29 5"
finish
