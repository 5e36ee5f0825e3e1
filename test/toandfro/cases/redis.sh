# redis-server is what moves, under a benchmark, and answers a session right.
redis-server --port 0 --unixsocket "$PWD/redis.sock" --save '' --appendonly no --daemonize no >/dev/null 2>&1 &
server=$!
trap 'kill -9 $server 2>/dev/null' EXIT
cli() { redis-cli -s redis.sock "$@"; }
for i in $(seq 100); do cli ping >/dev/null 2>&1 && break; sleep 0.1; done
echo $server >"$TARGETS"
redis-benchmark -s redis.sock -n 8000 -c 20 -r 500 -q -t set,get,incr,lpush,lrange_100 >/dev/null 2>&1
echo "benchmark: $?"
cli flushall
for i in $(seq 60); do cli set "key$i" "value $i" && cli incrby sum $i; done | md5sum
cli get sum
cli lpush list a b c d; cli lrange list 0 -1
cli eval 'local s = 0; for i = 1, 2000000 do s = s + i % 7 end; return s' 0
cli keys 'key*' | sort | md5sum
cli sort list alpha desc
cli debug sleep 0.3
cli dbsize
cli shutdown nosave
wait $server
echo "server: $?"
