#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What changes a program when it is asked for: --hold-unmapped, --policy, --stop-on.

usage: intervene.py MAPLEDGER SHIM DEMO VICTIM
"""

import json
import os
import signal
import sys
import tempfile
from checking import Tool, check, status


def main():
    mapledger, shim, demo, victim = map(os.path.abspath, sys.argv[1:])

    with tempfile.TemporaryDirectory() as folder:
        tool = Tool(mapledger, shim, folder)

        def run(*arguments):
            return tool("run", "-q", "--force", "-o", "i.mlg", "--verify=each", *arguments)

        def calls():
            lines = tool("log", "--json", "i.mlg").stdout.splitlines()
            return [call for call in map(json.loads, lines) if call.get("type") == "call"]

        done = run(victim, "stale")
        if "the same place" in done.stdout:
            check("without holding, stale use goes unnoticed", done.returncode == 0, done)
        done = run("--hold-unmapped", "1M", victim, "stale")
        check("what is held is not given away", "another place" in done.stdout, done.stdout)
        check("and stale use faults", done.returncode == -signal.SIGSEGV, done)
        said = json.loads(tool("explain", "--json", "i.mlg").stdout)
        check("which is explained", (said["kind"], said["rule"]) == ("unmapped", "U06"), said)
        check("with the munmap's number", said["made_so_by"]["call"].startswith("munmap"), said)
        for options, words in ((["--hold-unmapped", "2G"],
                                "It had been unmapped before the ledger begins, and is held."),
                               ([], "and was not since the process was forked.")):
            done = tool("run", "--force", "-o", "i.mlg", *options, victim, "stale_child")
            check("a child's stale use is explained", words in " ".join(done.stderr.split()) and
                  done.returncode == 128 + signal.SIGSEGV, done)
        done = run("--hold-unmapped", "4K", victim, "stale")
        check("more than the limit is not held", done.returncode == 0, done)
        done = run("--hold-unmapped", "64K", victim, "S09")
        check("the oldest is let go", done.returncode == 0, done)
        check("and the map is the kernel's", tool("verify", "i.mlg").returncode == 0)

        done = run("--policy", "enforce:clobber", demo, "fixed-clobber")
        check("a clobbering mmap is refused", "File exists" in done.stderr, done)
        refused = [call for call in calls() if call["refused"]]
        check("and recorded as refused", len(refused) == 1 and refused[0]["call"] == "mmap",
              refused)
        done = run("--policy", "enforce:wx", demo, "write-then-execute")
        check("writable and executable memory is refused", "Permission denied" in done.stderr, done)
        done = run("--policy", "enforce:wx,clobber", "python3", "-c",
                   "import ssl, json, threading; print('fine')")
        check("ordinary work goes on", done.stdout == "fine\n" and done.returncode == 0, done)
        check("without a refusal", not [call for call in calls() if call["refused"]])

        done = run("--stop-on", "U04", demo, "fixed-clobber")
        check("--stop-on ends it with SIGTRAP", done.returncode == -signal.SIGTRAP, done)
        check("behind the guilty call", calls()[-1]["call"] == "mmap", calls()[-1])
        done = run("--stop-on", "U01", victim, "wild")
        check("a rule that finds nothing stops nothing", done.returncode == -signal.SIGSEGV, done)

        for option, value, words in (("--hold-unmapped", "much", "is not a size"),
                                     ("--policy", "report", "is not enforce:wx"),
                                     ("--stop-on", "L01", "is not one of P03")):
            done = tool("run", option, value, "true")
            check(f"{option} {value} is refused in one line",
                  done.returncode == 125 and words in done.stderr and
                  done.stderr.count("\n") == 1, done.stderr)
    return status()


sys.exit(main())
