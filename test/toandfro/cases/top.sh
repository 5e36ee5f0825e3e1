# top in a terminal that stays at home: it goes on drawing while it moves, answers keys, and ends.
t() { tmux -L "$TMUX_NAME" -f /dev/null "$@"; }
TMUX_NAME=openmosix-top-$$
trap 't kill-server 2>/dev/null' EXIT
export TERM=xterm HOME="$PWD"
t new-session -d -x 100 -y 20 'top -d 0.2; echo "top: $?" >ended'
sleep 0.5
shell=$(t list-panes -F '#{pane_pid}')
pgrep -P "$shell" >"$TARGETS" || echo "$shell" >"$TARGETS"
for i in 1 2 3 4 5 6 7 8; do
	t send-keys m
	sleep 0.3
	t capture-pane -p | grep -c -E '^ *PID|^%?Tasks|^Tasks'
done
t send-keys q
for i in $(seq 50); do t has-session 2>/dev/null || break; sleep 0.1; done
cat ended
rm -rf .config .toprc
