# SPDX-License-Identifier: Apache-2.0
# A cluster of its own on a socket in the current folder; transactions, a query that
# is compiled, a parallel one. Does not run as root: the server refuses to.
set -e
PATH="$(ls -d /usr/lib/postgresql/*/bin | tail -1):$PATH"
export LC_ALL=C TZ=UTC PGHOST="$PWD" PGUSER=area PGDATABASE=postgres
initdb -D data -U area --auth=trust --no-sync > initdb.log
postgres -D data -k "$PWD" -c listen_addresses= -c fsync=off -c shared_buffers=32MB \
  -c max_parallel_workers=2 > server.log 2>&1 &
server=$!
trap 'kill -QUIT $server 2> /dev/null' EXIT
for i in $(seq 1200); do pg_isready -q && break; sleep 0.05; done
pgbench -q -i -s 1 > pgbench.log 2>&1
pgbench -c 4 -j 2 -t 100 >> pgbench.log 2>&1
echo "load ended $?"
psql -Atq <<'END'
select count(*) from pgbench_history;
set jit_above_cost = 0;
set jit_inline_above_cost = 0;
set jit_optimize_above_cost = 0;
select sum(aid % 7), max(bid) from pgbench_accounts where aid % 3 = 1;
set min_parallel_table_scan_size = 0;
set parallel_setup_cost = 0;
set parallel_tuple_cost = 0;
select count(distinct filler), sum(aid) from pgbench_accounts;
select count(*) from pgbench_accounts a join pgbench_accounts b on a.aid = b.aid + 1;
END
trap - EXIT
kill -INT $server
wait $server
echo "server ended $?"
