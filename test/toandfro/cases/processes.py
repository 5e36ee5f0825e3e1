# multiprocessing: pools, queues, pipes, and all kinds of locks between processes.
import concurrent.futures
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


def producer(who, lock, two, queue, done):
    for n in range(40):
        with lock:
            queue.put((who, n, digest(n)[1]))
        with two:
            digest(n)
    done.release()


def sleeper(condition, event, queue):
    event.wait()
    with condition:
        queue.put("awake")
        condition.notify_all()


def locks():
    lock, two, done, queue = mp.Lock(), mp.BoundedSemaphore(2), mp.Semaphore(0), mp.Queue()
    producers = [mp.Process(target=producer, args=(who, lock, two, queue, done)) for who in range(3)]
    for p in producers:
        p.start()
    for line in sorted(queue.get() for _ in range(3 * 40)):
        print(*line)
    for p in producers:
        done.acquire()
    for p in producers:
        p.join()
        print("producer", p.exitcode)
    condition, event = mp.Condition(), mp.Event()
    sleepers = [mp.Process(target=sleeper, args=(condition, event, queue)) for _ in range(3)]
    for p in sleepers:
        p.start()
    with condition:
        event.set()
        condition.wait()
    print(sorted(queue.get() for _ in sleepers))
    for p in sleepers:
        p.join()
        print("sleeper", p.exitcode)


def main():
    with mp.Pool(3) as pool:
        for n, d in pool.map(digest, range(60), chunksize=4):
            print(n, d)
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        for n, d in pool.map(digest, range(30)):
            print(n, d)
    for how in "spawn", "forkserver":
        with mp.get_context(how).Pool(2) as pool:
            for n, d in pool.imap(digest, range(40)):
                print(n, d)
    locks()
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
