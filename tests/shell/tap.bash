# For tests in shell: `. tests/shell/tap.bash`, checks, then `finish`.
#   check NAME COMMAND...      ok when the command succeeds
#   is NAME GOT WANT           ok when the texts are equal
#   skip NAME WHY
# $TRIALSH is the program under test, $tmp a folder that goes away.
tried=0
failed=0
: "${TRIALSH:=$PWD/${B:-build}/trialsh}"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

pass() { tried=$((tried + 1)); echo "ok $tried - $1"; }
fail() { tried=$((tried + 1)); failed=$((failed + 1)); echo "not ok $tried - $1"; }
skip() { tried=$((tried + 1)); echo "ok $tried - $1 # SKIP $2"; }

check() {
  local name=$1
  shift
  "$@" >"$tmp/check.out" 2>&1
  local rc=$?
  if [ $rc = 0 ]; then pass "$name"; else
    fail "$name"
    echo "# $* ended with $rc"
    sed 's/^/# /' "$tmp/check.out"
  fi
}

is() {
  if [ "$2" = "$3" ]; then pass "$1"; else
    fail "$1"
    printf '# got:  %s\n# want: %s\n' "$2" "$3"
  fi
}

# run ARGS...: trialsh $options ARGS; $out, $err and $rc, files out and err
options=
run() {
  "$TRIALSH" $options "$@" >out 2>err </dev/null
  rc=$?
  out=$(cat out) err=$(cat err)
}

finish() { echo "1..$tried"; exit $((failed > 0)); }
