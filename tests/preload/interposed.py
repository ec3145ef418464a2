#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Another library has the shim's symbols, too, and must see what it would see without it.

usage: interposed.py MAPLEDGER SHIM VICTIM INTERPOSER

And where libc's calls can't be seen, they stay the shim's, and the ledger says so.
"""

import os
import subprocess
import sys
import tempfile

COUNTS = "1 2 1 1 1 1 calls seen\n"  # of mmap, munmap, mremap, prctl, syscall, on_exit
STATUS = 7


def run(command, **more):
    return subprocess.run(command, env=dict(os.environ, **more), text=True, timeout=60,
                          capture_output=True, check=False)


def main(mapledger, shim, victim, interposer):
    failures = []

    def check(what, done, wanted):
        if (done.returncode, done.stdout) != (STATUS, wanted):
            failures.append(f"{what}: ended with {done.returncode}: {done.stdout}{done.stderr}")

    def recorded(ledger, *arguments, **more):
        return run([mapledger, "run", "-o", ledger, "--force", *arguments, "--", victim],
                   MAPLEDGER_SHIM=shim, LD_PRELOAD=interposer, **more)

    check("plain", run([victim], LD_PRELOAD=interposer), COUNTS)
    with tempfile.TemporaryDirectory() as folder:
        ledger = f"{folder}/x.mlg"
        for when in ("exit", "each"):
            done = recorded(ledger, f"--verify={when}")
            check(f"verify={when}", done, COUNTS)
            if "verified equal" not in done.stderr:
                failures.append(f"verify={when}: {done.stderr}")
        done = recorded(ledger, MAPLEDGER_OPTIONS="sites=off")
        check("sites=off", done, "0 0 0 0 1 1 calls seen\n")
        said = run([mapledger, "info", ledger]).stdout
        if "is not called" not in said:
            failures.append(f"sites=off: nothing is said of it: {said}")
        # Not recorded: all is as it would be.
        done = run([victim], LD_PRELOAD=f"{shim}:{interposer}",
                   MAPLEDGER_OPTIONS="output=/nonexistent/folder/x.mlg")
        check("not recorded", done, COUNTS)
    print("\n".join(failures) or "counted the same")
    return 1 if failures else 0


sys.exit(main(*map(os.path.abspath, sys.argv[1:5])))
