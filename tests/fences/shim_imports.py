# SPDX-License-Identifier: Apache-2.0
"""What the shim takes from other libraries is on a short list, and all of it may be absent.

A hook runs where nothing else may: inside malloc, inside the loader, in a signal
handler, in a child of vfork. No function that allocates, locks or prints can be
reached from it, because the shim imports none. And the shim is to load with any libc, or
with none: it needs no library, no version of a symbol, and no thread-local storage.
"""

import sys
from fence import finish, tool

ALLOWED = {
    "__errno_location",  # hooks.c tells the program why its call failed
    "_r_debug",          # data: the libraries there are, read before main()
}


def import_breaches(shim):
    for line in tool("nm", "-D", "--undefined-only", shim).splitlines():
        kind, name = line.split()[-2:]
        if name.split("@")[0] not in ALLOWED:
            yield f"{name.split('@')[0]}: imported by the shim"
        elif kind not in "wv":
            yield f"{name}: the shim can't do without it; declare it weak"
        elif "@" in name:
            yield f"{name}: of one version of a library"


def library_breaches(shim):
    for line in tool("readelf", "--wide", "--dynamic", shim).splitlines():
        if "(NEEDED)" in line or "(VERNEED)" in line:
            yield f"the shim needs a library: {line.strip()}"
    for line in tool("readelf", "--wide", "--segments", shim).splitlines():
        if line.split()[:1] == ["TLS"]:
            yield "the shim has thread-local storage: use threads/thread_table.h"
    for line in tool("readelf", "--wide", "--relocs", shim).splitlines():
        if "TPOFF" in line or "DTPMOD" in line or "TLSDESC" in line or "TPREL" in line:
            yield f"a relocation of thread-local storage: {line.strip()}"


def main(shim):
    n_symbols = len(tool("nm", "-D", shim).splitlines())
    finish([*import_breaches(shim), *library_breaches(shim)], n_symbols, "dynamic symbols")


main(sys.argv[1])
