# SPDX-License-Identifier: Apache-2.0
# A page rendered without a window, twice: as a picture and as text. Its clock runs as fast as
# it can: on a busy machine the picture would be taken too early.
browser() {
  chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
    --disable-background-networking --disable-component-update --disable-sync \
    --disable-dev-shm-usage --virtual-time-budget=20000 --user-data-dir="$PWD/$1" \
    --window-size=500,600 "$2" "file://$3" \
    2> "$1.log"
}
browser picture --screenshot="$PWD/page.png" "$1"
echo "ended $?"
sha256sum < page.png
browser text --dump-dom "$1" | sed -n '/<table/,/<\/p>/p'
