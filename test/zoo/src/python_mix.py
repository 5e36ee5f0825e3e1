#!/usr/bin/env python3
# A Python program: threads, imports, subprocesses, signals, files and sockets
# go on through moves. (The interpreter runs it itself: build.go.)
import hashlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

STOP = os.environ.get("ZOO_STOP")
beats = 0


def beat(number, frame):
    global beats
    beats += 1


def worker(stop, results, index):
    n = 0
    while not stop.is_set():
        data = bytes((index + n + i) & 255 for i in range(2000))
        if hashlib.sha256(data).digest() != hashlib.sha256(bytes(data)).digest():
            results[index] = "memory changed"
            return
        n += 1
    results[index] = "fine"


def must(true, what):
    if not true:
        print("violated:", what, flush=True)
        os._exit(1)


def main():
    signal.signal(signal.SIGALRM, beat)
    signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
    stop, results = threading.Event(), [None] * 3
    threads = [threading.Thread(target=worker, args=(stop, results, i)) for i in range(3)]
    for t in threads:
        t.start()
    print("ready", os.getpid(), flush=True)
    modules = iter(["decimal", "json", "sqlite3", "xml.dom.minidom", "email.message", "ctypes", "csv", "zlib", "lzma", "ssl"])
    end, lap, last = time.monotonic() + int(os.environ.get("ZOO_SECONDS", 25)), 0, False
    while not last:
        must(time.monotonic() < end, "nobody stopped this program")
        last = os.path.exists(STOP) if STOP else lap >= 3
        lap += 1
        name = next(modules, None)
        if name:
            __import__(name)
        done = subprocess.run(["sh", "-c", "cat; exit 5"], input=b"given", stdout=subprocess.PIPE)
        must(done.returncode == 5 and done.stdout == b"given", "subprocess")
        pid = os.fork()
        if pid == 0:
            os._exit(lap & 63)
        must(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == lap & 63, "fork")
        with tempfile.TemporaryFile() as f:
            f.write(b"temporary" * 1000)
            f.seek(9 * 500)
            must(f.read(9) == b"temporary", "file")
        a, b = socket.socketpair()
        a.sendall(b"x" * 5000)
        must(len(b.recv(5000, socket.MSG_WAITALL)) == 5000, "socket")
        a.close()
        b.close()
        start = time.monotonic()
        time.sleep(0.01)
        must(time.monotonic() - start >= 0.01, "sleep")
    stop.set()
    for t in threads:
        t.join()
    must(results == ["fine"] * 3, results)
    before = beats
    while beats < before + 2:
        time.sleep(0.01)
    signal.setitimer(signal.ITIMER_REAL, 0)
    print("ok", flush=True)


main()
sys.exit(0)
