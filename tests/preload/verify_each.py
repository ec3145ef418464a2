#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A call that nobody saw is found after the next one nearby, with verify=each.

usage: verify_each.py MAPLEDGER SHIM VICTIM_MISSED
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path


def ask(mapledger, *arguments):
    done = subprocess.run([mapledger, *map(str, arguments)], capture_output=True, text=True)
    return done.returncode, done.stdout


def record(mapledger, shim, victim, ledger, when):
    return subprocess.run([mapledger, "run", "-q", f"--verify={when}", "-o", str(ledger), "--",
                           victim], env=dict(os.environ, MAPLEDGER_SHIM=shim,
                                             MAPLEDGER_OPTIONS="sites=libc")).returncode


def check(what, good):
    if not good:
        print(f"FAILED: {what}")
    return bool(good)


def with_each(mapledger, ledger):
    code, said = ask(mapledger, "verify", "--json", ledger)
    verdict = json.loads(said)
    checks = verdict["checks"]
    _, info = ask(mapledger, "info", ledger)
    _, log = ask(mapledger, "log", ledger)
    _, text = ask(mapledger, "verify", ledger)
    good = [
        check("exit status 1", code == 1),
        check("the call is named", checks.get("first_call", "").startswith("mprotect(")),
        check("once: the map was made right then", checks["n_different"] == 1),
        check("what differed",
              [d["kind"] for d in checks.get("first_difference", [])] == ["ours-only"]),
        check("nothing differs at the end", verdict["n_differences"] == 0),
        check("checks are counted", checks["n"] > 2),
        check("verify says it", f"first difference after #{checks.get('first_event')} mprotect("
              in text),
        check("info says it", f"first difference after #{checks.get('first_event')} mprotect("
              in info),
        check("the log shows it", "the kernel's map differs: ours-only" in log),
    ]
    return all(good)


def with_exit(mapledger, ledger):
    code, said = ask(mapledger, "verify", "--json", ledger)
    verdict = json.loads(said)
    good = [
        check("exit status 1 without checks", code == 1),
        check("one difference at the end", verdict["n_differences"] == 1),
        check("no checks were made", verdict["checks"]["n"] == 0),
    ]
    return all(good)


def main():
    mapledger, shim, victim = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        each, at_exit = Path(folder) / "each.mlg", Path(folder) / "exit.mlg"
        code = record(mapledger, shim, victim, each, "each")
        if code != 0:
            return code
        record(mapledger, shim, victim, at_exit, "exit")
        return 0 if with_each(mapledger, each) & with_exit(mapledger, at_exit) else 1


sys.exit(main())
