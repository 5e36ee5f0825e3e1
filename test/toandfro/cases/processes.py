# multiprocessing: a pool, queues, pipes and a lock between processes.
import hashlib
import multiprocessing as mp


def digest(n):
    h = hashlib.sha256(str(n).encode())
    for _ in range(20000):
        h.update(h.digest())
    return n, h.hexdigest()


def chatter(connection, lock):
    while (n := connection.recv()) is not None:
        with lock:
            connection.send(n * n)


def main():
    with mp.Pool(3) as pool:
        for n, d in pool.map(digest, range(60), chunksize=4):
            print(n, d)
    lock, (here, there) = mp.Lock(), mp.Pipe()
    p = mp.Process(target=chatter, args=(there, lock))
    p.start()
    for n in range(500):
        here.send(n)
        assert here.recv() == n * n
    here.send(None)
    p.join()
    print("child", p.exitcode)


if __name__ == "__main__":
    main()
