# SPDX-License-Identifier: Apache-2.0
# Loads the server on the socket $1 until killed: growing, shrinking, saving in the background.
cli() { redis-cli -s "$1" "$2" > /dev/null 2>&1; }
while cli "$1" ping; do
  redis-benchmark -s "$1" -q -n 4000 -c 8 -d 4000 -r 3000 -t set,lpush > /dev/null 2>&1
  cli "$1" bgsave
  cli "$1" flushall
done
