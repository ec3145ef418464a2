# SPDX-License-Identifier: Apache-2.0
# A program whose runtime has system calls of its own, without tables that say where its code is.
set -e
fpc -O2 -v0 -oarea "$1" >/dev/null 2>&1
exec ./area
