# An echo server for server.sh: threads for half of the clients, a selector for the others.
import selectors
import socket
import sys
import threading


def serve(connection):
    with connection:
        while data := connection.recv(65536):
            connection.sendall(data.swapcase())


listener = socket.create_server(("127.0.0.1", 0), backlog=50)
print(listener.getsockname()[1], flush=True)
selector = selectors.DefaultSelector()
selector.register(listener, selectors.EVENT_READ)
accepted = 0
while True:
    for key, _ in selector.select():
        if key.fileobj is listener:
            connection, _ = listener.accept()
            accepted += 1
            if accepted % 2:
                threading.Thread(target=serve, args=(connection,), daemon=True).start()
            else:
                selector.register(connection, selectors.EVENT_READ)
        else:
            data = key.fileobj.recv(65536)
            if data == b"quit":
                print("served", accepted, flush=True)
                sys.exit(3)
            if data:
                key.fileobj.sendall(data.swapcase())
            else:
                selector.unregister(key.fileobj)
                key.fileobj.close()
