# multiprocessing: memory that processes share by value, by array and by name, each with descriptors that stay open.
import ctypes
import hashlib
import mmap
import multiprocessing as mp
import os
from multiprocessing import shared_memory


def work(seed, rounds=3000):
    h = hashlib.sha256(str(seed).encode())
    for _ in range(rounds):
        h.update(h.digest())
    return h.digest()[0]


def counts(who, value, total, per, raw, barrier):
    barrier.wait()
    for n in range(150):
        work((who, n), 20000)
        with value.get_lock():
            value.value += 1
        with total:
            per[who] += n
            per[4] += 1
        raw[who * 1000 + n] = who * n


def values():
    value, total, per, raw, barrier = mp.Value("i", 0), mp.Lock(), mp.Array("q", 5), mp.RawArray(ctypes.c_int, 4000), mp.Barrier(4)
    all_ = [mp.Process(target=counts, args=(who, value, total, per, raw, barrier)) for who in range(4)]
    for p in all_:
        p.start()
    for p in all_:
        p.join()
    print(value.value, list(per), sum(raw), [p.exitcode for p in all_])


def part(name, who, parts, size):
    memory = shared_memory.SharedMemory(name=name)
    every = memory.buf.cast("q")
    mine = range(who * size // parts, (who + 1) * size // parts)
    seen = sum(every[0:64])
    for n in mine:
        every[n] = n * n + seen
        if n % 256 == 0:
            work(n, 8000)
    every.release()
    memory.close()
    return who, seen


def named():
    size = 16384
    memory = shared_memory.SharedMemory(create=True, size=size * 8)
    every = memory.buf.cast("q")
    for n in range(64):
        every[n] = n
    with mp.Pool(3) as pool:
        print(sorted(pool.starmap(part, [(memory.name, who, 8, size) for who in range(1, 8)])))
    print(hashlib.sha256(memory.buf[: size * 8]).hexdigest())
    every.release()
    memory.close()
    memory.unlink()


def by_descriptor(fd, size, said, asked):
    with mmap.mmap(fd, size) as m:
        for n in range(60):
            asked.acquire()
            at = n * 512 % size
            text = m[at : at + 32]
            m[at + 64 : at + 96] = hashlib.sha256(text).digest()
            m[size - 4 : size] = n.to_bytes(4, "little")
            said.release()
            work(n, 30000)


def descriptors():
    size, said, asked = 64 << 10, mp.Semaphore(0), mp.Semaphore(0)
    fd = os.memfd_create("both")
    os.ftruncate(fd, size)
    p = mp.Process(target=by_descriptor, args=(fd, size, said, asked))
    p.start()
    for n in range(60):
        at = n * 512 % size
        os.pwrite(fd, hashlib.sha256(str(n).encode()).digest(), at)
        asked.release()
        said.acquire()
        got = os.pread(fd, 32, at + 64)
        assert got == hashlib.sha256(hashlib.sha256(str(n).encode()).digest()).digest(), n
        assert int.from_bytes(os.pread(fd, 4, size - 4), "little") == n
    p.join()
    os.lseek(fd, 0, 0)
    print(hashlib.sha256(os.read(fd, size)).hexdigest(), p.exitcode)
    os.ftruncate(fd, size // 2)
    print(os.fstat(fd).st_size, len(os.pread(fd, size, 0)))
    os.close(fd)


def spawned(value, per, who):
    for n in range(40):
        work((who, n), 40000)
        with value.get_lock():
            value.value += n
        per[who] = n
    return who


def spawning():
    for how in "spawn", "forkserver":
        context = mp.get_context(how)
        value, per = context.Value("d", 0.5), context.Array("i", 3, lock=False)
        all_ = [context.Process(target=spawned, args=(value, per, who)) for who in range(3)]
        for p in all_:
            p.start()
        for p in all_:
            p.join()
        print(how, value.value, list(per), [p.exitcode for p in all_])


if __name__ == "__main__":
    values()
    named()
    descriptors()
    spawning()
