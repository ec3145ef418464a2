# SPDX-License-Identifier: Apache-2.0
# A master and two workers on a socket in the current folder; a reload under way.
set -e
mkdir -p logs www
seq 2000 > www/numbers.txt
cat > nginx.conf <<END
daemon off;
worker_processes 2;
pid $PWD/nginx.pid;
error_log $PWD/error.log;
events { worker_connections 64; }
http {
  access_log off;
  client_body_temp_path $PWD/logs/body;
  proxy_temp_path $PWD/logs/proxy;
  fastcgi_temp_path $PWD/logs/fastcgi;
  uwsgi_temp_path $PWD/logs/uwsgi;
  scgi_temp_path $PWD/logs/scgi;
  gzip on;
  gzip_types text/plain;
  server {
    listen unix:$PWD/nginx.sock;
    root $PWD/www;
  }
}
END
nginx -p "$PWD" -c "$PWD/nginx.conf" -e "$PWD/error.log" &
server=$!
trap 'kill -QUIT $server 2> /dev/null' EXIT
for i in $(seq 1200); do test -S nginx.sock && break; sleep 0.05; done
get() { curl -s --unix-socket "$PWD/nginx.sock" "$@"; }
for i in $(seq 40); do get --compressed http://area/numbers.txt | cksum; done | uniq
get -o /dev/null -w '%{http_code}\n' http://area/nothing
kill -HUP $server
sleep 0.3
for i in $(seq 10); do get http://area/numbers.txt | cksum; done | uniq
trap - EXIT
kill -QUIT $server
wait $server
echo "server ended $?"
