#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every call is in the ledger under the id that the kernel has for its thread.

usage: thread_ids.py MAPLEDGER SHIM VICTIM_THREAD_IDS [ARG...]
"""

import collections
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

FIRST = 100000 * 4096


def calls(mapledger, ledger):
    log = subprocess.run([mapledger, "log", "--json", "--calls=mmap", str(ledger)], text=True,
                         capture_output=True, check=False)
    for line in log.stdout.splitlines():
        call = json.loads(line)
        if call.get("call") == "mmap" and int(call["args"][1], 0) >= FIRST:
            yield call["tid"], int(call["args"][1], 0) // 4096


def main():
    mapledger, shim, *victim = sys.argv[1:]
    environment = dict(os.environ, MAPLEDGER_SHIM=shim)
    with tempfile.TemporaryDirectory() as folder:
        ledger = Path(folder) / "victim.mlg"
        done = subprocess.run([mapledger, "run", "-q", "--keep-all", "-o", str(ledger), "--", *victim],
                              env=environment, text=True, capture_output=True, check=False)
        if done.returncode != 0:
            sys.exit(f"the victim ended with {done.returncode}: {done.stderr}")
        ledgers = [ledger, *sorted(Path(folder).glob("victim.mlg.d/*.mlg"))]
        found = collections.Counter(call for each in ledgers for call in calls(mapledger, each))
    wanted = collections.Counter(tuple(map(int, line.split())) for line in done.stdout.splitlines())
    if found != wanted or not wanted:
        sys.exit(f"of {wanted.total()} calls, not found: {list(wanted - found)[:9]}; "
                 f"found: {list(found - wanted)[:9]}")
    print(f"{found.total()} calls of {len({who for who, _ in found})} threads in {len(ledgers)} "
          "ledgers, under the right ids")


main()
