# vim in a terminal that stays at home, typed at with tmux while it moves.
t() { tmux -L "$TMUX_NAME" -f /dev/null "$@"; }
TMUX_NAME=openmosix-vim-$$
trap 't kill-server 2>/dev/null' EXIT
export TERM=xterm
t new-session -d -x 80 -y 24 'exec vim -u NONE -i NONE -n -c "set nomore" text'
sleep 0.5
t list-panes -F '#{pane_pid}' >"$TARGETS"
key() { t send-keys "$@"; sleep 0.04; }
screen() { for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.2; t capture-pane -p >screen.new; cmp -s screen.new screen && break; mv screen.new screen; done; cat screen; echo ---; rm -f screen screen.new; }
key i
for i in $(seq 1 25); do key -l "line $i: the quick brown fox" ; key Enter; done
key Escape
screen
key -l ':%s/quick/slow/g' ; key Enter
key -l 'ggddp5yyGp' ; screen
t resize-window -x 100 -y 30 ; sleep 0.3
key -l ':set number' ; key Enter ; screen
key -l ':g/1/d' ; key Enter ; screen
key -l ':r !seq 5 | tac' ; key Enter ; sleep 0.3 ; key Enter ; screen
key -l ':wq' ; key Enter
for i in $(seq 50); do t has-session 2>/dev/null || break; sleep 0.1; done
cat text
