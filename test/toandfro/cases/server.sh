# A TCP server moves while clients at home talk to it.
/usr/bin/python3 "$CASES/server.py" >port &
server=$!
trap 'kill -9 $server 2>/dev/null' EXIT
while [ ! -s port ]; do sleep 0.02; done
echo $server >"$TARGETS"
/usr/bin/python3 "$CASES/client.py" "$(head -1 port)" 2>&1
wait $server
echo "server: $?"
tail -1 port
rm port
