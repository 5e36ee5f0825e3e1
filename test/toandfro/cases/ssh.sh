# An ssh server and its clients, all of them moved; who is not known yet is served from a sandbox that must stay.
mkdir -p -m 755 /run/sshd # where the sandbox is shut in
ssh-keygen -q -t ed25519 -N '' -f host; ssh-keygen -q -t ed25519 -N '' -f id
cat >config <<END
Port 19422
ListenAddress 127.0.0.1
HostKey $PWD/host
AuthorizedKeysFile $PWD/id.pub
PidFile none
StrictModes no
UsePAM no
PermitRootLogin yes
END
/usr/sbin/sshd -f config -D 2>log &
server=$!
trap 'kill -9 $server 2>/dev/null' EXIT
s() { ssh -F none -p 19422 -i id -o StrictHostKeyChecking=no -o UserKnownHostsFile=known -o LogLevel=ERROR 127.0.0.1 "$@"; }
for i in $(seq 100); do s true 2>/dev/null && break; sleep 0.1; done
echo "$server $$" >"$TARGETS"
for i in 1 2 3 4 5; do
	s 'echo hello; exit 3'; echo "status $?"
	seq 100000 | s 'md5sum'
	s 'seq 100000' | md5sum
	s -tt 'stty size; sleep 0.1; exit 4' </dev/null | tr -d '\r'
done
s 'kill -9 $$'; echo "killed: $?"
kill "$server"; wait "$server"; echo "server: $?"
rm -f host* id* known log config
