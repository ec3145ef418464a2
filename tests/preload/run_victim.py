#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Run a victim under the shim, then check every ledger it left.

usage: run_victim.py MAPLEDGER SHIM VICTIM [ARG...]

Passes when the victim is content with itself, and each ledger of its family,
folded from the file, equals the map the kernel had.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path


def verify(mapledger, ledger):
    done = subprocess.run([mapledger, "verify", "--json", str(ledger)],
                          capture_output=True, text=True)
    return done.returncode, done.stdout.strip() or done.stderr.strip()


def main():
    mapledger, shim, *victim = sys.argv[1:]
    environment = dict(os.environ, MAPLEDGER_SHIM=shim)
    with tempfile.TemporaryDirectory() as folder:
        ledger = Path(folder) / "victim.mlg"
        done = subprocess.run([mapledger, "run", "-q", "--keep-all", "-o", str(ledger), "--"]
                              + victim, env=environment)
        if done.returncode == 77:
            return 77
        if done.returncode != 0:
            print(f"the victim ended with {done.returncode}")
            return 1
        ledgers = [ledger, *sorted(Path(folder).glob("victim.mlg.d/*.mlg"))]
        differ = 0
        for each in ledgers:
            code, said = verify(mapledger, each)
            # 3: the process was killed or executed another program, so there is
            # no kernel map to compare with
            if code not in (0, 3) or (code == 3 and each == ledger):
                differ += 1
                print(f"{each.name}: verify says {code}: {said}")
        print(f"{len(ledgers)} ledgers, {differ} that differ")
        return 1 if differ else 0


sys.exit(main())
