# SPDX-License-Identifier: Apache-2.0
"""What the shim takes from other libraries is on a short list.

A hook runs where nothing else may: inside malloc, inside the loader, in a signal
handler, in a child of vfork. No function that allocates, locks or prints can be
reached from it, because the shim imports none.
"""

import sys
from fence import finish, tool

ALLOWED = {
    "__errno_location",  # hooks.c tells the program why its call failed
    "_r_debug",          # data: the libraries there are, read before main()
    # weak, from the compiler's start files; never called in a hook
    "__cxa_finalize", "_ITM_deregisterTMCloneTable", "_ITM_registerTMCloneTable",
    "__gmon_start__",
}


def main(shim):
    names = {line.split()[-1].split("@")[0]
             for line in tool("nm", "-D", "--undefined-only", shim).splitlines()}
    finish([f"{name}: imported by the shim" for name in sorted(names - ALLOWED)],
           len(names), "imported symbols")


main(sys.argv[1])
