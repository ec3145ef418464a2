# SPDX-License-Identifier: Apache-2.0
"""Runs an example without the shim and with it.

usage: with_and_without.py SHIM [--expect FILE] PROGRAM [ARG...]

Both runs must succeed and print the same, but for the lines that begin with
"ledger:". Without the shim none of these may know anything; with it the output is
FILE's, if one is given.
"""

import argparse
import difflib
import os
import re
import subprocess
import sys
import tempfile


def run(command, shim=None):
    """The output of @command, which must end with 0."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {k: v for k, v in os.environ.items()
                       if k != "LD_PRELOAD" and not k.startswith("MAPLEDGER")}
        if shim:
            environment["LD_PRELOAD"] = os.path.abspath(shim)
            environment["MAPLEDGER_OPTIONS"] = f"output={folder}/%e.%p.mlg"
        done = subprocess.run(command, env=environment, text=True, stdout=subprocess.PIPE,
                              timeout=100, check=False)
        ledgers = len(os.listdir(folder))
    where = "with" if shim else "without"
    print(f"---- {where} the shim: exit {done.returncode}, {ledgers} ledgers\n{done.stdout}")
    if done.returncode != 0 or ledgers != (1 if shim else 0):
        sys.exit(f"{where} the shim: exit {done.returncode}, {ledgers} ledgers")
    return done.stdout.splitlines()


def same_but_for_ledger(left, right):
    return [line for line in left if not line.startswith("ledger:")] == \
           [line for line in right if not line.startswith("ledger:")]


def stable(line):
    """The stack's size is the kernel's choice."""
    return re.sub(r"(stack: rw-) \d+ pages", r"\1 STACK pages", line)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--expect")
    parser.add_argument("shim")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()

    without = run(arguments.command)
    within = run(arguments.command, arguments.shim)
    if not same_but_for_ledger(without, within):
        sys.exit("the program notices the shim")
    if arguments.expect:
        with open(arguments.expect, encoding="utf-8") as file:
            expected = file.read().splitlines()
        if [stable(line) for line in within] != expected:
            print("\n".join(difflib.unified_diff(expected, [stable(line) for line in within],
                                                 "expected", "found", lineterm="")))
            sys.exit("not what was expected")


main()
