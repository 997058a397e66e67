#!/usr/bin/env bash
# Faults of the machine: allocations, writes and reads that fail, one or all
# from then on (fault.c, fault.lua), a disk that is full. An error each time,
# and the study or the file is as it was. Every n-th in check, every one in
# check-long.
. tests/shell/tap.bash

long=${TRIALSH_LONG:-}
# the sanitizer has a malloc of its own, and wants to be loaded first
plain=$TRIALSH shims=(all)
if nm "$TRIALSH" | grep -q __asan_init; then
  plain=$PWD/build/trialsh
  shims+=(files)
fi
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0
work=$tmp
if [ -w /dev/shm ]; then
  work=$(mktemp -d /dev/shm/trialsh.XXXXXX)
  trap 'rm -rf "$tmp" "$work"' EXIT
fi

for shim in "${shims[@]}"; do
  if ! ${CC:-gcc} -shared -fPIC -O1 -DFAULT_"$shim" -o "$tmp/$shim.so" \
      tests/shell/fault.c 2>"$tmp/cc.out"; then
    fail "fault.c is compiled"
    sed 's/^/# /' "$tmp/cc.out"
    finish
  fi
done

# faults PROGRAM KIND HOW STEP/LONG JOB...: LONG is the step of check-long
faults() {
  local program=$1 kind=$2 how=$3 step=$4 shim=all job
  shift 4
  [ "$program" != "$plain" ] && shim=files
  if [ -n "$long" ]; then step=${step#*/}; else step=${step%/*}; fi
  for job in "$@"; do
    LD_PRELOAD=$tmp/$shim.so "$program" tests/shell/fault.lua "$work" "$kind" \
      "$how" "$step" "$job" >"$tmp/out" 2>"$tmp/err"
    if [ $? = 0 ] && grep -q tried "$tmp/out"; then
      pass "$job, $kind fails $how: $(head -n 1 "$tmp/out")"
    else
      fail "$job, $kind fails $how"
      head -n 5 "$tmp/err" | cut -c1-300 | sed 's/^/# /'
    fi
  done
}

imports=("import csv" "import xpt" "import json" "import dsjc")
exports=("export csv" "export xpt" "export json" "export dsjc")
reads=("read csv" "read xpt" "read json")
writing=("${imports[@]}" "replace xpt" unblind "${exports[@]}")

faults "$TRIALSH" write once 5/1 "${writing[@]}"
faults "$TRIALSH" write always 11/1 "${writing[@]}"
faults "$TRIALSH" space once 13/1 "${writing[@]}"
faults "$TRIALSH" read once 7/1 "${imports[@]}" "replace xpt" unblind \
  "${reads[@]}"
if [ -x "$plain" ]; then
  faults "$plain" memory once 797/1 "${imports[@]}" "${exports[@]}" \
    "${reads[@]}"
  faults "$plain" memory always 797/7 "${imports[@]}" "${exports[@]}" \
    "${reads[@]}"
  for how in once always; do
    faults "$plain" memory $how 1997/11 "replace xpt" unblind
  done
else
  skip "memory that fails" "build/trialsh is not there"
fi

# A disk that is full ----------------------------------------------------------

awk 'BEGIN { print "ID,X"; for (i = 0; i < 90000; i++) print i "," i / 7 }' \
  >"$tmp/big.csv"

# full FOLDER LIMIT: an import that does not fit, and an export
full() {
  local db=$1/full.db rc
  "$plain" -e "study.create('$db'):import('$tmp/small.csv')" 2>/dev/null
  sha256sum "$db" >"$tmp/before"
  (ulimit -f "$2"; "$plain" -d "$db" -e "s:import '$tmp/big.csv'") \
    2>"$tmp/err"
  rc=$?
  is "$3: an import ends with 1" $rc 1
  check "$3: and says why" grep -qE \
    'full.db: (database or disk is full|disk I/O error)' \
    "$tmp/err"
  check "$3: the study is as it was" sha256sum --quiet -c "$tmp/before"
  is "$3: and whole" "$("$plain" -d "$db" -e 'print(s:verify(), #s.small)')" \
    "2	2"
  is "$3: by SQLite's word" "$(sqlite3 "$db" 'pragma integrity_check')" ok
  echo "what was there" >"$1/out.csv"
  (ulimit -f "$2"; "$plain" -e "local f = read '$tmp/big.csv'
    study.open('$db'):export(f, '$1/out.csv')") 2>"$tmp/err"
  rc=$?
  is "$3: an export ends with 1" $rc 1
  check "$3: the file is as it was" grep -q 'what was there' "$1/out.csv"
  is "$3: nothing is left" "$(ls -A "$1" | grep -vE '^(full.db|out.csv)$')" ""
  rm -f "$1"/full.db* "$1/out.csv"
}

printf 'ID,X\na,1\nb,2\n' >"$tmp/small.csv"
mkdir "$tmp/limited" "$tmp/mount"
full "$tmp/limited" 400 "a limit on files"
if mount -t tmpfs -o size=1m tmpfs "$tmp/mount" 2>/dev/null; then
  full "$tmp/mount" unlimited "a disk of 1 MiB"
  umount "$tmp/mount"
else
  skip "a disk of 1 MiB" "only the superuser may mount one"
fi
finish
