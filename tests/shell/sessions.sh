# First-time sessions, as transcripts in tests/shell/sessions: each is typed again
# and must show the same. After a change that is meant:
#   UPDATE=1 bash tests/shell/sessions.sh   writes what is shown now; read it.
. tests/shell/tap.bash
unset HISTFILE COLUMNS LINES NO_COLOR INPUTRC
export HOME=$tmp XDG_STATE_HOME=$tmp/state TRIALSH LC_ALL=C.UTF-8 TZ=UTC
here=$PWD

if ! command -v script >/dev/null; then
  skip sessions "script (bsdutils) is not installed"
  finish
fi
for file in "$here"/tests/shell/sessions/*.txt; do
  name=$(basename "$file" .txt)
  work=$tmp/$name
  mkdir "$work" && cp "$here"/tests/shell/sessions/*.csv "$work" && cd "$work" ||
    exit 1
  if "$TRIALSH" "$here/tests/shell/sessions.lua" "$file" ${UPDATE:+update} \
      >"$tmp/why" 2>&1 && diff "$file" got >"$tmp/differs"; then
    pass "$name"
  else
    fail "$name"
    cat "$tmp/why" "$tmp/differs" 2>/dev/null | head -60 | sed 's/^/# /'
  fi
done
cd "$here" || exit 1
is "there are ten sessions" "$(ls tests/shell/sessions/*.txt | wc -l)" 10

finish
