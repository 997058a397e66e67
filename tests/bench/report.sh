#!/usr/bin/env bash
# The report of IRIS-7 once the endpoints are computed: 13 figures, each as PDF, SVG,
# PNG and TIFF of 600 dpi and EPS, 15 tables in 9 formats, the page and the manuscript;
# with one process and with as many as there are processors. Beside it the same figures
# by ggplot2 in the same formats and sizes, and the tables by base R, as HTML alone.
set -eu
cd "$(dirname "$0")/../.."
trialsh=$PWD/${B:-build}/trialsh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cat >"$dir/study.lua" <<'LUA'
local scripts, dir = ...
dofile(scripts .. "simulate.lua", dir)
local s = study.create(dir .. "/iris7.db")
dofile(scripts .. "derive.lua", s, dir)
dofile(scripts .. "endpoints.lua")
s:unblind { reason = "bench", codes = dir .. "/sealed/codes.csv" }
run(s) -- the text has the P of re-randomisation
for _, name in ipairs { "adsl", "adlb", "adcy", "adsofa", "adtte", "adae", "ds", "support", "results" } do
  s:export(s[name], dir .. "/csv/" .. name .. ".csv")
end
LUA
mkdir "$dir/csv"
jobs=$(nproc)
"$trialsh" --jobs "$jobs" -q "$dir/study.lua" "$PWD/scripts/iris7/" "$dir" >"$dir/said" 2>&1 ||
  { cat "$dir/said"; exit 1; }

{ # what report.lua does behind the analysis
  cat <<'LUA'
local here, out = ...
local anywhere = dofile
local function dofile(name, ...) return anywhere(here .. name, ...) end
local s = study.open(out .. "/iris7.db")
dofile "endpoints.lua"
LUA
  sed -n '/^local fig, tab/,$p' scripts/iris7/report.lua
} >"$dir/report.lua"

timed() { # NAME COMMAND...: wall clock and CPU of it and what it starts
  local name=$1 TIMEFORMAT='%R %U %S'
  shift
  { time "$@" >"$dir/said" 2>&1; } 2>"$dir/time" || { cat "$dir/said"; exit 1; }
  awk -v name="$name" '{ printf "%-28s %6.1f s wall %6.1f s CPU\n", name, $1, $2 + $3 }' "$dir/time"
}
for n in 1 "$jobs"; do
  timed "trialsh  --jobs $n" "$trialsh" --jobs "$n" -q "$dir/report.lua" "$PWD/scripts/iris7/" "$dir"
done

if ! Rscript -e 'library(ggplot2)' >/dev/null 2>&1; then
  echo "R        or ggplot2 is not installed"
  exit
fi
timed "R        ggplot2" Rscript --vanilla tests/bench/report.R "$dir" "$dir/iris7"
