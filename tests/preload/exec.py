#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""execve ends a ledger, but not when a child of vfork makes it.

usage: exec.py MAPLEDGER SHIM
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

SCRIPT = """
import os, subprocess, sys
for i in range(3):
    assert subprocess.run(["true"]).returncode == 0
    try:
        subprocess.run(["/nonexistent"])
    except FileNotFoundError:
        pass
try:
    os.execv("/nonexistent", ["x"])
except FileNotFoundError:
    pass
os.posix_spawn("/bin/true", ["true"], os.environ)
os.wait()
fd = os.open("/bin/sh", os.O_RDONLY)
if sys.argv[1] == "exec":
    os.execve(fd, ["sh", "-c", "exit 9"], os.environ)
"""


def run(mapledger, shim, ledger, how):
    environment = dict(os.environ, MAPLEDGER_SHIM=shim)
    return subprocess.run([mapledger, "run", "-q", "--keep-all", "-o", ledger, "--",
                           os.path.realpath(sys.executable), "-c", SCRIPT, how],
                          env=environment).returncode


def events(mapledger, ledger):
    said = subprocess.run([mapledger, "log", ledger], capture_output=True, text=True).stdout
    return [line for line in said.splitlines() if "exec" in line.split("(")[0]]


def names(shim, pattern):
    """Of the ledgers that three programs leave, one after the other in one process."""
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ, LD_PRELOAD=shim,
                           MAPLEDGER_OPTIONS=f"output={folder}/{pattern}")
        child = subprocess.Popen(["/bin/sh", "-c", "exec /bin/sh -c 'exec /bin/sh -c :'"],
                                 env=environment)
        child.wait()
        return sorted(name.replace(str(child.pid), "PID") for name in os.listdir(folder))


def main():
    mapledger, shim = map(os.path.abspath, sys.argv[1:])
    good = []

    def check(what, value, about=""):
        if not value:
            print("FAILED:", what, about)
        good.append(bool(value))

    with tempfile.TemporaryDirectory() as folder:
        ledger = Path(folder) / "x.mlg"
        check("status", run(mapledger, shim, ledger, "exec") == 9)
        lines = events(mapledger, ledger)
        if not lines:
            print("calls of exec are not caught here")
            return 77
        check("one that failed and one that did not", len(lines) == 2, lines)
        check("the failed one", "ENOENT" in lines[0], lines)
        check("the last one", "execveat" in lines[-1] and "another program" in lines[-1], lines)
        info = subprocess.run([mapledger, "info", ledger], capture_output=True, text=True).stdout
        check("info says it", "executed another program" in info, info)
    with tempfile.TemporaryDirectory() as folder:
        ledger = Path(folder) / "x.mlg"
        check("status without", run(mapledger, shim, ledger, "stay") == 0)
        check("only the failed one", len(events(mapledger, ledger)) == 1)
        said = subprocess.run([mapledger, "verify", "--json", ledger], capture_output=True,
                              text=True)
        check("children of vfork end nothing", json.loads(said.stdout)["n_differences"] == 0)
    left = names(shim, "%p.%n.mlg")
    check("%n counts", left == ["PID.0.mlg", "PID.1.mlg", "PID.2.mlg"], left)
    left = names(shim, "%p.mlg")
    check("no name is taken twice", left == ["PID.mlg", "PID.mlg.1", "PID.mlg.2"], left)
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ, MAPLEDGER_SHIM=shim)
        subprocess.run([mapledger, "run", "-q", "env", "env", "true"], env=environment, cwd=folder,
                       check=True)
        said = subprocess.run([mapledger, "verify"], capture_output=True, text=True, cwd=folder)
        check("without FILE: what the wrappers executed", said.returncode == 0
              and "true, pid" in said.stdout and ".mlg.d/" in said.stderr, said)
    return 0 if all(good) else 1


sys.exit(main())
