# The clients of server.sh: lasting connections, short ones, large messages.
import hashlib
import socket
import sys
import time

port = int(sys.argv[1])


def talk(connection, data):
    connection.sendall(data)
    got = b""
    while len(got) < len(data):
        part = connection.recv(65536)
        if not part:
            sys.exit("the server hung up")
        got += part
    return got


lasting = [socket.create_connection(("127.0.0.1", port)) for _ in range(6)]
h, start, rounds = hashlib.sha256(), time.monotonic(), 0
for rounds in range(120):
    for n, c in enumerate(lasting):
        h.update(talk(c, b"client %d round %d " % (n, rounds) * (1 + rounds % 40)))
    with socket.create_connection(("127.0.0.1", port)) as c:
        h.update(talk(c, b"short " * 10))
    time.sleep(0.01)
h.update(talk(lasting[0], b"large" * 100000))
print(h.hexdigest())
for n, c in enumerate(lasting):
    print(n, talk(c, b"Still There").decode())
with socket.create_connection(("127.0.0.1", port)) as c, socket.create_connection(("127.0.0.1", port)) as d:
    for x in (c, d):
        x.sendall(b"quit")
        time.sleep(0.3)
