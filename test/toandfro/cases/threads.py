# Threads, locks, queues, timers, alarms: many small results in a fixed order.
import hashlib
import queue
import random
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

beats = 0


def beat(number, frame):
    global beats
    beats += 1


signal.signal(signal.SIGALRM, beat)
signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)


def digest(n):
    r = random.Random(n)
    h = hashlib.sha256()
    for _ in range(30):
        h.update(r.randbytes(2000))
    return n, h.hexdigest()


work, done, lock, total = queue.Queue(), [], threading.Lock(), 0


def worker():
    global total
    while (n := work.get()) is not None:
        result = digest(n)
        with lock:
            done.append(result)
            total += n


for wave in range(12):
    threads = [threading.Thread(target=worker) for _ in range(6)]
    for t in threads:
        t.start()
    for n in range(80):
        work.put(wave * 1000 + n)
    for _ in threads:
        work.put(None)
    for t in threads:
        t.join()
    print(wave, total, hashlib.sha256(repr(sorted(done)).encode()).hexdigest(), flush=True)
with ThreadPoolExecutor(4) as pool:
    for n, d in pool.map(digest, range(100)):
        print(n, d)
fired = threading.Event()
threading.Timer(0.2, fired.set).start()
print("timer", fired.wait(30))
import decimal  # libraries are loaded on the way
import sqlite3
import ssl

decimal.getcontext().prec = 60
print(decimal.Decimal(2).sqrt(), sqlite3.sqlite_version_info > (3,), bool(ssl.OPENSSL_VERSION))
signal.setitimer(signal.ITIMER_REAL, 0)
print("alarms came" if beats > 3 else "no alarms", file=sys.stderr)
