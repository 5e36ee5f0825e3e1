# Children of all sorts: pipes both ways, signals, exit codes, many at once.
import os
import signal
import subprocess
import sys

for n in range(25):
    p = subprocess.run(["sh", "-c", f"cat; echo err {n} >&2; exit {n}"], input=f"input {n}\n" * 50, capture_output=True, text=True)
    print(n, p.returncode, len(p.stdout), p.stderr.strip(), flush=True)
many = [subprocess.Popen(["sh", "-c", f"sleep 0.0{n}; exit {n + 100}"]) for n in range(8)]
print([p.wait() for p in many])
sleeper = subprocess.Popen(["sleep", "100"])
sleeper.send_signal(signal.SIGTERM)
print(sleeper.wait())
chain = subprocess.Popen("seq 1 20000 | sed s/1/x/g | sort | md5sum", shell=True, stdout=subprocess.PIPE)
print(chain.communicate()[0].decode(), chain.returncode)
for n in range(10):
    pid = os.fork()
    if pid == 0:
        os._exit(n)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
try:
    subprocess.run(["/no/such/program"])
except FileNotFoundError as e:
    print(e.errno)
pid = os.posix_spawn("/bin/sh", ["sh", "-c", "kill -9 $$"], os.environ)
print(os.waitpid(pid, 0)[1])
print("written to standard error", file=sys.stderr)
sys.exit(23)
