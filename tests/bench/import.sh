#!/usr/bin/env bash
# A laboratory file of a million rows and six columns: import and the mean by
# arm, parameter and visit, beside sqlite3's shell. Best of three, and memory.
set -eu
cd "$(dirname "$0")/../.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
rows=${1:-1000000}
awk -v rows="$rows" 'BEGIN { srand(7)
  split("Placebo,CYT107 LF,CYT107 HF", arm, ",")
  split("ALC,CD4,CD8,NEUT,IL6,CRP,HGB,PLAT", par, ",")
  split("Baseline,Day 4,Day 8,Day 11,Day 15,Day 22,Day 29,Day 42", visit, ",")
  split("1,4,8,11,15,22,29,42", day, ",")
  print "USUBJID,TRT01P,PARAMCD,AVISIT,ADY,AVAL"
  for (n = 0; n < rows; n++) {
    s = int(n / 64); p = int(n / 8) % 8; v = n % 8
    printf "IRS-%06d,%s,%s,%s,%d,", s, arm[s % 3 + 1], par[p + 1],
      visit[v + 1], day[v + 1] + int(rand() * 3) - 1
    if (rand() < 0.01) print ""; else printf "%.*f\n", p % 3, exp(5 + 2 * rand())
  } }' >"$dir/adlb.csv"
echo "$rows rows, $(stat -c %s "$dir/adlb.csv") bytes"

cat >"$dir/t.sql" <<SQL
create table adlb(USUBJID text, TRT01P text, PARAMCD text, AVISIT text,
  ADY real, AVAL real);
.mode csv
.import --skip 1 $dir/adlb.csv adlb
update adlb set AVAL = null where AVAL = '';
select TRT01P, PARAMCD, AVISIT, avg(AVAL) from adlb group by 1, 2, 3;
SQL
cat >"$dir/t.lua" <<'LUA'
local s = study.create(arg[1])
s:import(arg[2])
print(s.adlb:by("TRT01P", "PARAMCD", "AVISIT"):summarise "M = mean(AVAL)"
  :collect())
LUA
cat >"$dir/r.lua" <<'LUA'
local start = os.clock()
local file = require "ts.csv".open(arg[2], {})
local scanned = os.clock()
file:frame()
print(("read     scan %.2f s, frame %.2f s"):format(scanned - start,
  os.clock() - scanned))
LUA

timed() { # NAME COMMAND...: best of three
  local name=$1 best=999 memory=0
  shift
  for _ in 1 2 3; do
    rm -f "$dir"/s.db*
    /usr/bin/time -f "%e %M" -o "$dir/time" "$@" >"$dir/out" 2>"$dir/err"
    read -r seconds kb <"$dir/time"
    if awk "BEGIN { exit !($seconds < $best) }"; then
      best=$seconds; memory=$kb
    fi
  done
  printf '%-8s %5.2f s  %4d MB\n' "$name" "$best" $((memory / 1024))
}
trialsh=${B:-build}/trialsh
timed trialsh "$trialsh" -q "$dir/t.lua" "$dir/s.db" "$dir/adlb.csv"
if command -v sqlite3 >/dev/null; then
  timed sqlite3 sqlite3 -bail -init "$dir/t.sql" "$dir/s.db" .quit
else
  echo "sqlite3  is not installed"
fi
"$trialsh" -q "$dir/r.lua" - "$dir/adlb.csv"
