# SPDX-License-Identifier: Apache-2.0
# The compiler, then one program under the collector that is named: java.sh FILE OPTION...
set -e
file=$1
shift
java -version 2>&1 | head -1
javac -d . "$file"
exec java "$@" -cp . Hello
