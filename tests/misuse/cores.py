#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""explain --core: a core file tells of the end what the process could not record.

usage: cores.py MAPLEDGER SHIM FAULTS DEMO
"""

import json
import os
import resource
import sys
import tempfile
from pathlib import Path
from checking import Tool, check, status


def main():
    mapledger, shim, faults, demo = map(os.path.abspath, sys.argv[1:])
    pattern = Path("/proc/sys/kernel/core_pattern").read_text().strip()
    if "/" in pattern or "|" in pattern or "%" in pattern:
        print(f"SKIPPED: core files go elsewhere: kernel.core_pattern is {pattern}")
        return 77
    limit = resource.getrlimit(resource.RLIMIT_CORE)[1]
    if limit == 0:
        print("SKIPPED: core files are not allowed (ulimit -H -c)")
        return 77
    resource.setrlimit(resource.RLIMIT_CORE, (limit, limit))

    with tempfile.TemporaryDirectory() as folder:
        tool = Tool(mapledger, shim, folder)

        def record(ledger, *command):
            for old in Path(folder).glob("core*"):
                old.unlink()
            tool("run", "-q", "--on-crash=quiet", "-o", ledger, *command)
            cores = list(Path(folder).glob("core*"))
            if not cores:
                print("SKIPPED: the kernel wrote no core file here")
                sys.exit(77)
            return cores[0].rename(Path(folder) / f"{ledger}.corefile")

        core = record("blocked.mlg", faults, "blocked")
        done = tool("explain", "blocked.mlg")
        check("a blocked signal leaves no fault in the ledger",
              done.returncode == 3 and "--core" in done.stderr, done.stderr)
        done = tool("explain", "--json", "--core", core, "blocked.mlg")
        said = json.loads(done.stdout or "{}")
        check("but in the core", said.get("kind") == "null", done.stdout + done.stderr)
        functions = [frame.get("function") for frame in said.get("crashed_in", [])]
        check("with its stack", "die_blocked" in functions, functions)

        other = record("demo.mlg", demo, "overhang")
        with_core = tool("explain", "--core", other, "demo.mlg").stdout
        check("a recorded fault is explained alike with its core",
              with_core == tool("explain", "demo.mlg").stdout and "P01" in with_core, with_core)

        for path, words in ((other, "is of process"), (mapledger, "is not a core file"),
                            ("nowhere", "No such file"), ("demo.mlg", "is not a core file")):
            done = tool("explain", "--core", path, "blocked.mlg")
            check(f"a core that does not fit is refused: {words}",
                  done.returncode == 2 and words in done.stderr and done.stderr.count("\n") == 1,
                  done.stderr)
        cut = Path(folder) / "cut"
        cut.write_bytes(core.read_bytes()[:5000])
        done = tool("explain", "--core", cut, "blocked.mlg")
        check("one that is cut short does no harm", done.returncode in (0, 2), done)
    return status()


sys.exit(main())
