# The binary: hardened, complete in itself; the core: no Lua, no printing.
. tests/shell/tap.bash

has() { readelf -W "$1" "$TRIALSH" | grep -aE "$2"; }
sanitized=$(nm "$TRIALSH" | grep -c __asan_init)

check "position independent" has -h 'Type: +DYN'
check "relocations are read-only" has -l GNU_RELRO
check "all symbols bound at start" has -d 'BIND_NOW|FLAGS_1.*NOW'
check "stack not executable" has -l 'GNU_STACK.* RW '
check "stack protector" has --dyn-syms __stack_chk_fail
if [ "$sanitized" = 0 ]; then
  check "fortified calls" has --dyn-syms '__(snprintf|memcpy|fprintf)_chk'
else
  skip "fortified calls" "the sanitizer has its own"
fi
is "no run path" "$(readelf -d "$TRIALSH" | grep -E 'RPATH|RUNPATH')" ""
is "LAPACK, BLAS, Fortran and nmath are inside" "$(readelf -d "$TRIALSH" |
  grep -iE 'NEEDED.*(lapack|blas|gfortran|quadmath|rmath|lua)')" ""

is "core includes no Lua header" \
  "$(grep -rnE '#include.*(lua|lauxlib)' core include)" ""
used=$(nm -u "${TRIALSH%/*}/libtrialsh.a" | awk '{ print $2 }' | sort -u)
is "core calls no Lua" "$(grep -E '^lua' <<<"$used")" ""
is "core never prints" "$(grep -E \
  '^(printf|puts|putchar|perror|stdout|stderr|__printf_chk|__vprintf_chk)$' \
  <<<"$used")" ""
is "core never exits" "$(grep -E '^(exit|abort|quick_exit)$' <<<"$used")" ""

cp "$TRIALSH" "$tmp/copy"
is "a copy elsewhere has its library" \
  "$(cd "$tmp" && env -i HOME="$tmp" PATH=/usr/bin ./copy \
     -e 'require "trialsh.options" print "found"' 2>&1)" found

finish
