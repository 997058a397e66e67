#!/usr/bin/env bash
# Start-up: 200 runs of a script that does nothing, beside R's; and the head and
# tail of a table of a million rows, printed.
set -eu
cd "$(dirname "$0")/../.."
trialsh=$PWD/${B:-build}/trialsh
each() { # RUNS NAME COMMAND...: milliseconds per run
  local runs=$1 name=$2 began=$EPOCHREALTIME i
  shift 2
  for ((i = 0; i < runs; i++)); do "$@" >/dev/null; done
  awk "BEGIN { printf \"%-28s %7.1f ms\n\", \"$name\",
    1000 * ($EPOCHREALTIME - $began) / $runs }"
}
each 200 trialsh "$trialsh" -e 'x=1'
command -v Rscript >/dev/null && each 5 R Rscript --vanilla -e 'x=1'

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
awk 'BEGIN { print "id,x,y"
  for (i = 1; i <= 1000000; i++) printf "%d,%d,%.17g\n", i, i % 7, i / 3 }' >b.csv
"$trialsh" -e 's = study.create "b.db"' -e 's:import "b.csv"' 2>/dev/null
each 20 "trialsh -d, 1,000,000 rows" "$trialsh" -d b.db -e 'x=1'
"$trialsh" -d b.db -e 'for _, r in ipairs { s.b, s.b, s.b:mutate "z = ln(y)",
    s.b:head(10), s.b:collect() } do
  local began = os.clock()
  tostring(r)
  print(("%-28s %7.1f ms"):format("head and tail", 1000 * (os.clock() - began)))
end'
