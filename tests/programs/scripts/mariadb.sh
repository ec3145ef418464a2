# SPDX-License-Identifier: Apache-2.0
# A server with threads on a socket in the current folder, loaded, shut down.
set -e
mariadb-install-db --no-defaults --datadir="$PWD/data" --auth-root-authentication-method=normal \
  --skip-test-db > install.log 2>&1
mariadbd --no-defaults --datadir="$PWD/data" --socket="$PWD/maria.sock" --skip-networking \
  --pid-file="$PWD/maria.pid" --innodb-buffer-pool-size=16M --innodb-flush-log-at-trx-commit=0 \
  > server.log 2>&1 &
server=$!
trap 'kill -QUIT $server 2> /dev/null' EXIT
for i in $(seq 1200); do test -S maria.sock && break; sleep 0.05; done
run() { mariadb --no-defaults --socket="$PWD/maria.sock" --user=root "$@"; }
run -e 'create database area; create table area.t (n int primary key, text varchar(100))'
mysqlslap --no-defaults --socket="$PWD/maria.sock" --user=root --concurrency=8 --iterations=2 \
  --number-of-queries=800 --auto-generate-sql --auto-generate-sql-load-type=mixed \
  --engine=innodb > load.log 2>&1
echo "load ended $?"
run area -N <<'END'
insert into t select seq, repeat('x', seq % 90) from seq_1_to_20000;
select count(*), sum(length(text)) from t;
select count(*) from t a join t b on a.n = b.n + 1 where a.text < b.text;
END
trap - EXIT
kill -TERM $server
wait $server
echo "server ended $?"
