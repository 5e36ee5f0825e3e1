# numpy: linear algebra on several threads, transforms, files.
import hashlib

import numpy as np

r = np.random.default_rng(1)
for n in range(12):
    a = r.standard_normal((300, 300))
    b = np.linalg.solve(a, r.standard_normal((300, 4)))
    c = np.fft.irfft(np.fft.rfft(a.ravel()))
    print(n, np.allclose(a @ np.linalg.inv(a), np.eye(300), atol=1e-6), np.allclose(c, a.ravel()), round(float(np.abs(b).max()), 3), flush=True)
    i = r.integers(0, 1 << 62, 500000)
    i.sort()
    print(hashlib.sha256(i.tobytes()).hexdigest())
np.save("saved.npy", i)
m = np.load("saved.npy", mmap_mode="r")
print(int((m % 1000003).sum()))
