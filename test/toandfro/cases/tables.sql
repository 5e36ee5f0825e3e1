-- A write-ahead log would be shared writable memory, which keeps a process at home.
PRAGMA journal_mode = DELETE;
CREATE TABLE numbers (n INTEGER PRIMARY KEY, square INTEGER, word TEXT);
WITH RECURSIVE r(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM r WHERE i < 150000)
INSERT INTO numbers SELECT i, i * i, 'word ' || (i * 7919 % 1000) FROM r;
CREATE INDEX words ON numbers (word);
SELECT count(*), sum(square) FROM numbers;
SELECT word, count(*), max(n) FROM numbers GROUP BY word ORDER BY 2 DESC, 1 LIMIT 10;
BEGIN; UPDATE numbers SET word = upper(word) WHERE n % 3 = 0; ROLLBACK;
BEGIN; DELETE FROM numbers WHERE n % 5 = 0; COMMIT;
SELECT count(*), total(length(word)) FROM numbers;
SELECT a.n, b.n FROM numbers a JOIN numbers b ON b.n = a.square WHERE a.n < 300 ORDER BY 1 DESC LIMIT 5;
CREATE TABLE copy AS SELECT * FROM numbers ORDER BY word, n;
SELECT hex(substr(group_concat(word), 1, 20)), count(DISTINCT word) FROM copy;
PRAGMA integrity_check;
VACUUM;
.dump numbers_missing
SELECT no_such_column FROM numbers;
