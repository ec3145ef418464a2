#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Run a victim under the shim, then check every ledger it left; twice.

usage: run_victim.py MAPLEDGER SHIM [--all-end] VICTIM [ARG...]

Passes when the victim is content with itself, and each ledger of its family,
folded from the file, equals the map the kernel had. The second time the shim
compares after every call, too. --all-end: all of its processes end by themselves, so
that each ledger must have been compared.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

SKIP = 77


def verify(mapledger, ledger):
    done = subprocess.run([mapledger, "verify", "--json", str(ledger)],
                          capture_output=True, text=True)
    return done.returncode, done.stdout.strip() or done.stderr.strip()


def n_checks(said):
    """Of calls that were compared, or would have been but for a seccomp filter."""
    try:
        checks = json.loads(said)["checks"]
        return checks["n"] + checks["n_blind"]
    except (ValueError, KeyError):
        return 0


def run(mapledger, shim, victim, when, all_end):
    """Exit status: 0, 1 or SKIP."""
    environment = dict(os.environ, MAPLEDGER_SHIM=shim)
    with tempfile.TemporaryDirectory() as folder:
        ledger = Path(folder) / "victim.mlg"
        done = subprocess.run([mapledger, "run", "-q", "--keep-all", f"--verify={when}", "-o",
                               str(ledger), "--"] + victim, env=environment)
        if done.returncode == SKIP:
            return SKIP
        if done.returncode != 0:
            print(f"verify={when}: the victim ended with {done.returncode}")
            return 1
        ledgers = [ledger, *sorted(Path(folder).glob("victim.mlg.d/*.mlg"))]
        differ = checked = 0
        for each in ledgers:
            code, said = verify(mapledger, each)
            checked += n_checks(said)
            # 3: the process was killed or executed another program, so there is
            # no kernel map to compare with
            if code not in (0, 3) or (code == 3 and (all_end or each == ledger)):
                differ += 1
                print(f"{each.name}: verify says {code}: {said}")
        if when == "each" and checked == 0:
            print("no call was checked")
            differ += 1
        print(f"verify={when}: {len(ledgers)} ledgers, {checked} calls checked, {differ} differ")
        return 1 if differ else 0


def main():
    mapledger, shim, *victim = sys.argv[1:]
    all_end = victim[0] == "--all-end"
    codes = [run(mapledger, shim, victim[all_end:], when, all_end) for when in ("exit", "each")]
    return 1 if 1 in codes else codes[0]


sys.exit(main())
