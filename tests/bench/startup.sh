#!/usr/bin/env bash
# Start-up: 200 runs of a script that does nothing, beside R's.
set -eu
cd "$(dirname "$0")/../.."
each() { # RUNS COMMAND...: milliseconds per run
  local runs=$1 began=$EPOCHREALTIME i
  shift
  for ((i = 0; i < runs; i++)); do "$@" >/dev/null; done
  awk "BEGIN { printf \"%-28s %7.1f ms\n\", \"$1\",
    1000 * ($EPOCHREALTIME - $began) / $runs }"
}
each 200 "${B:-build}/trialsh" -e 'x=1'
command -v Rscript >/dev/null && each 5 Rscript --vanilla -e 'x=1'
exit 0
