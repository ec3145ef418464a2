#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A vfork child's calls are in its parent's ledger, under its own id.

usage: vfork_tids.py MAPLEDGER SHIM VICTIM_TASKS
"""

import json
import os
import subprocess
import sys
import tempfile

CHILDS, PARENTS = 77 * 4096, 78 * 4096


def main():
    mapledger, shim, victim = sys.argv[1:]
    environment = dict(os.environ, MAPLEDGER_SHIM=shim)
    with tempfile.TemporaryDirectory() as folder:
        ledger = os.path.join(folder, "x.mlg")
        done = subprocess.run([mapledger, "run", "-q", "-o", ledger, "--", victim, "vfork_calls"],
                              env=environment, text=True, capture_output=True)
        if done.returncode != 0:
            sys.exit(f"the victim ended with {done.returncode}: {done.stderr}")
        log = subprocess.run([mapledger, "log", "--json", ledger], text=True, capture_output=True)
    calls = [json.loads(line) for line in log.stdout.splitlines()]
    calls = [call for call in calls if call.get("call") == "mmap"]
    found = [(str(call["tid"]), size) for call in calls for size in (CHILDS, PARENTS)
             if int(call["args"][1], 0) == size]
    wanted = [who for line in done.stdout.split("\n") if line
              for parent, child in [line.split()] for who in ((child, CHILDS), (parent, PARENTS))]
    if found != wanted or not wanted:
        sys.exit(f"found {found}, wanted {wanted}")
    print(f"{len(found)} calls under the right ids")


main()
