# SPDX-License-Identifier: Apache-2.0
# A server on a socket of its own, loaded, saved in the background, shut down.
set -e
redis-server --port 0 --unixsocket "$PWD/redis.sock" --save '' --dir "$PWD" \
  --daemonize no --loglevel warning > server.log 2>&1 &
server=$!
cli() { redis-cli -s "$PWD/redis.sock" "$@"; }
for i in $(seq 1200); do cli ping > /dev/null 2>&1 && break; sleep 0.05; done
cli set area 42
redis-benchmark -s "$PWD/redis.sock" -q -n 20000 -c 10 -d 500 -r 20000 -t set,get,lpush \
  > /dev/null 2>&1
cli bgsave
redis-benchmark -s "$PWD/redis.sock" -q -n 10000 -c 10 -r 20000 -t set > /dev/null 2>&1
for i in $(seq 200); do
  cli info persistence | grep -q 'rdb_bgsave_in_progress:0' && break
  sleep 0.05
done
cli info persistence | grep -E 'rdb_last_bgsave_status' | tr -d '\r'
cli get area
cli flushall
cli shutdown nosave || true
wait "$server"
echo "server ended $?"
test -s dump.rdb && echo saved
