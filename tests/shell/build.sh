# The build: its flags, and that a changed header or list of files is noticed.
. tests/shell/tap.bash

quiet_make() { env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make "$@"; }
count() { grep -cE -- "$1" <<<"$lines"; }

# every compiler call of a build from nothing
lines=$(quiet_make -n B="$tmp/none" all | grep -E -- ' -c .*\.c$')
all=$(wc -l <<<"$lines")
check "make -n shows the compiler calls" test "$all" -gt 10
is "no contraction" "$(count ' -ffp-contract=off')" "$all"
is "no fast-math" "$(count ' -(ffast-math|Ofast|funsafe-math)')" 0
is "no native code" "$(count ' -m(arch|cpu|tune)=')" 0

dir=${TRIALSH%/*}
if [ "$dir" = "$PWD/build" ]; then
  users=$(grep -lE '[ \\]include/ts/text\.h( |$)' -r build/core build/lua \
          --include='*.d' | wc -l)
  lines=$(quiet_make -n -W include/ts/text.h all | grep -E -- ' -c .*\.c$')
  is "a changed header compiles its users" "$(count .)" "$users"
  lines=$(quiet_make -n -W lua/lib/init.lua all)
  check "a changed Lua file is embedded" grep -q 'embedded.S' <<<"$lines"
  lines=$(quiet_make -n all)
  is "an unchanged tree compiles nothing" "$(count ' -c .*\.c$')" 0
fi
is "the list of sources is kept" "$(tr ' ' '\n' <"$dir/sources" | sort)" \
  "$(ls core/*/*.c lua/bind/*.c lua/shell/*.c | cat - \
     <(find lua/lib -type f) | sort)"

finish
