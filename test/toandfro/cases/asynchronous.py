# asyncio: streams over TCP and unix sockets, sleeps, subprocesses, executors.
import asyncio
import hashlib


async def serve(reader, writer):
    while line := await reader.readline():
        writer.write(hashlib.md5(line).hexdigest().encode() + b"\n")
        await writer.drain()
    writer.close()


async def client(number, connect):
    reader, writer = await connect()
    h = hashlib.sha256()
    for i in range(150):
        writer.write(b"client %d line %d\n" % (number, i))
        await writer.drain()
        h.update(await reader.readline())
        if i % 50 == 0:
            await asyncio.sleep(0.02)
    writer.close()
    return h.hexdigest()


async def main():
    tcp = await asyncio.start_server(serve, "127.0.0.1", 0)
    unix = await asyncio.start_unix_server(serve, "socket")
    port = tcp.sockets[0].getsockname()[1]
    kinds = [lambda: asyncio.open_connection("127.0.0.1", port), lambda: asyncio.open_unix_connection("socket")]
    for wave in range(3):
        for n, d in enumerate(await asyncio.gather(*(client(n, kinds[n % 2]) for n in range(8)))):
            print(wave, n, d, flush=True)
        p = await asyncio.create_subprocess_exec("tr", "a-z", "A-Z", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
        out, _ = await p.communicate(b"from a child\n")
        print(out.decode(), p.returncode)
    loop = asyncio.get_running_loop()
    print(await loop.run_in_executor(None, sum, range(3000000)))
    try:
        await asyncio.wait_for(asyncio.sleep(60), 0.3)
    except asyncio.TimeoutError:
        print("timed out as it should")
    tcp.close()
    unix.close()


asyncio.run(main())
import os

os.path.exists("socket") and os.unlink("socket")
