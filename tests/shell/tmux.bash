# For tests of the prompt in a real terminal, after tap.bash: tmux with a server
# of its own, waited for with loops that look at the screen, never with sleeps
# of a guessed length.
if ! command -v tmux >/dev/null; then
  skip prompt "tmux is not installed"
  finish
fi

socket=$tmp/tmux
trap 'tmux -S "$socket" kill-server 2>/dev/null; rm -rf "$tmp"' EXIT
# tmux runs its commands by $SHELL; dash would leave at Ctrl-C with its child
export HOME=$tmp/home XDG_STATE_HOME=$tmp/state SHELL=$BASH PAGER=
unset HISTFILE INPUTRC TMUX COLUMNS LINES
mkdir "$HOME" "$tmp/work"
history=$XDG_STATE_HOME/trialsh/history

tm() { tmux -S "$socket" -f /dev/null "$@"; }
tm new-session -d -s keep "exec cat" # a server without sessions ends
pane=a
# start [NAME [trialsh arguments]]: a fresh shell in a fresh terminal of $wide
# columns and $high rows, without a pager, with the variables in $with
start() {
  pane=${1:-a}
  shift
  tm kill-session -t "=$pane" 2>/dev/null
  tm new-session -d -s "$pane" -x "${wide:-80}" -y "${high:-24}" \
    -c "$tmp/work" \
    "TERM=screen ${with:-} $TRIALSH $*; code=\$?; trap '' INT; echo left with \$code; exec cat"
  sees '^>$'
}
keys() { tm send-keys -t "=$pane:" "$@"; }
# a semicolon at the end of a word would be tmux's own
typed() { tm send-keys -t "=$pane:" -l -- "$1"; }
line() { set -- "${1/%;/\\;}"; tm send-keys -t "=$pane:" -l -- "$1" && keys Enter; }
screen() { tm capture-pane -p -t "=$pane:" | sed -e 's/ *$//' -e '/^$/d'; }
# sees REGEX [TENTHS]: waits, ten seconds at most, until the screen shows it
sees() {
  local i row
  for ((i = 0; i < ${2:-100} * 4; i++)); do
    while IFS= read -r row; do
      [[ ${row%"${row##*[! ]}"} =~ $1 ]] && return
    done < <(tm capture-pane -p -t "=$pane:")
    sleep 0.025
  done
  echo "not seen: $1"
  screen
  return 1
}
seen() { if sees "$2" "${3:-}"; then pass "$1"; else fail "$1"; screen | sed 's/^/# /'; fi; }
shows() { screen | grep -cE -- "$1"; }
# the last lines of the screen, joined by |
tail_of() { screen | tail -n "$1" | paste -sd '|'; }
# ends NAME COUNT WANT: waits until the last lines are these
ends() {
  local i last
  for ((i = 0; i < 200; i++)); do
    last=$(tail_of "$2")
    [ "$last" = "$3" ] && break
    sleep 0.025
  done
  is "$1" "$last" "$3"
}
pid() { tm list-panes -t "=$pane:" -F '#{pane_pid}' | xargs -I{} pgrep -P {} trialsh; }
