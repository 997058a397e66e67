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
          --include='*.d' | while read -r d; do # of sources that there still are
            d=${d#build/}; [ -e "${d%.d}.c" ] && echo "$d"; done | wc -l)
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
# this test stays in the tree, where run would leave its files
out=$("$TRIALSH" -e 'local i = debug.getinfo(require "trialsh.note".plural, "S")
  local text, n = require "ts.embedded" "note.lua", 0
  for line in text:gmatch "[^\n]*\n" do
    n = n + 1
    if n == i.linedefined then return i.source, line end
  end' 2>&1)
is "the code that is embedded knows its lines" "$out" \
  "=trialsh/note.lua
function M.plural(n, word)"
printf 'local x = = 1\n' >"$tmp/wrong.lua"
if [ -x "$dir/embed" ]; then
  "$dir/embed" "$tmp/code" "$tmp/wrong.lua" >/dev/null 2>"$tmp/why"
  is "wrong Lua ends a build" "$? $(grep -c ":1: unexpected symbol near '='" \
    "$tmp/why")" "1 1"
fi

finish
