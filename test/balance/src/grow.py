# grow.py MIB RATE: grows to MIB in steps, at most RATE MiB in a second (0: as fast
# as it can), each step other bytes; then goes through all of it again and says a sum.
import os, random, sys, time, zlib

STEP = 4
mib, rate = int(sys.argv[1]), int(sys.argv[2])
print(os.getpid(), flush=True)
blocks, made = [], 0
while len(blocks) * STEP < mib:
    begun = time.monotonic()
    block = random.Random(len(blocks)).randbytes(4096) * (STEP << 8)
    made = zlib.crc32(block, made)
    blocks.append(block)
    if rate:
        time.sleep(max(0, STEP / rate - (time.monotonic() - begun)))
kept = 0
for block in blocks:
    kept = zlib.crc32(block, kept)
print("right" if kept == made else "wrong", len(blocks) * STEP, made, flush=True)
