#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Build a Go program, with symbols and without, and run it as a victim.

usage: go_program.py MAPLEDGER SHIM SOURCE
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


def main():
    mapledger, shim, source = sys.argv[1:]
    if shutil.which("go") is None:
        print("no go")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        program = f"{folder}/victim_go"
        environment = dict(os.environ, GO111MODULE="off", CGO_ENABLED="1",
                           GOCACHE=f"{folder}/cache", GOFLAGS="", GOPATH=f"{folder}/path")
        for flags in [], ["-ldflags=-s"]:  # stripped: no symbols, but Go's own table
            built = subprocess.run(["go", "build", *flags, "-o", program, source],
                                   env=environment)
            if built.returncode != 0:
                print("go can't build with cgo here")
                return 77
            run = Path(__file__).with_name("run_victim.py")
            done = subprocess.run([sys.executable, run, mapledger, shim, program])
            if done.returncode != 0:
                print("built with", flags)
                return done.returncode
        return 0


sys.exit(main())
