# SPDX-License-Identifier: Apache-2.0
set -e
java -version 2>&1 | head -1
javac -d . "$1"
exec java -XX:+UseSerialGC -Xmx128m -cp . Hello
