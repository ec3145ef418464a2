# SPDX-License-Identifier: Apache-2.0
# Windows programs: a loader that lays out its address space itself, and a dozen processes.
set -e
export WINEPREFIX="$PWD/prefix" WINEDEBUG=-all WINEDLLOVERRIDES=mscoree,mshtml=
wine cmd /c 'echo hello & ver & set /a 6*7' 2>/dev/null | tr -d '\r'
wineserver -w
