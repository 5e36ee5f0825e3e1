# SQLite's write-ahead log keeps its index in a file that is open, locked, and mapped to be written.
import hashlib
import sqlite3
import time

db = sqlite3.connect("wal.db", isolation_level=None)
print(db.execute("pragma journal_mode=wal").fetchone())
db.execute("pragma synchronous=off")
db.execute("create table t(a integer primary key, b text)")
digest = hashlib.sha256()
for n in range(60):
    db.execute("begin")
    for i in range(200):
        db.execute("insert into t(b) values(?)", (str(n * i * 7919),))
    db.execute("commit")
    db.execute("delete from t where a % 7 = ?", (n % 7,))
    row = db.execute("select count(*), sum(a), sum(length(b)) from t").fetchone()
    digest.update(repr(row).encode())
    print(n, row, flush=True)
    time.sleep(0.05)
print(db.execute("pragma integrity_check").fetchone(), digest.hexdigest())
db.close()
