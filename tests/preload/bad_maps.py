#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A map of the kernel's that is nonsense for a while: the program does not notice,
and the ledger says it.

usage: bad_maps.py MAPLEDGER SHIM VICTIM_BAD_MAPS
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path


def record(mapledger, shim, victim, folder, when):
    """Why it is not as it should be, None, or "skip"."""
    ledger = Path(folder) / f"{when}.mlg"
    code = subprocess.run([mapledger, "run", "-q", f"--verify={when}", "-o", str(ledger), "--",
                           victim, str(Path(folder) / "nonsense")],
                          env=dict(os.environ, MAPLEDGER_SHIM=shim)).returncode
    if code == 77:
        return "skip"
    if code != 0:
        return f"the victim ended with {code}"

    def ask(command):
        return json.loads(subprocess.run([mapledger, command, "--json", str(ledger)],
                                         stdout=subprocess.PIPE, check=False).stdout)
    if ask("verify")["n_differences"] != 0:
        return "the map is wrong at the end"
    if ask("info")["n_bad_lines"] == 0:
        return "bad lines were not counted"
    return None


def main():
    mapledger, shim, victim = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        for when in ("exit", "each"):
            wrong = record(mapledger, shim, victim, folder, when)
            if wrong == "skip":
                return 77
            if wrong:
                print(f"verify={when}: {wrong}")
                return 1
    return 0


sys.exit(main())
