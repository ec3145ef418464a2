# SPDX-License-Identifier: Apache-2.0
"""
damaged.py MAPLEDGER MAKE_LEDGER [ROUNDS]: no ledger makes the command crash

Bytes are changed, records exchanged, the file is cut. Every command must end by
itself, with an exit code of its own and without a control byte on the screen.
ML_TEST_SEED repeats a run.
"""

import os
import random
import re
import sys
from testing import Checks, make, run, scratch

RECORD = 64
HEADER = 4096
USED = 80 * RECORD  # what the scripts fill
COMMANDS = [["info"], ["map"], ["map", "--format", "maps"], ["map", "--at", "-1", "--gaps"],
            ["log"], ["log", "-n", "3"], ["verify"], ["info", "--json"], ["map", "--json"],
            ["why", "0x7ffff7fbd040"], ["why", "lib:libc"], ["diff", "start", "end"], ["top"], ["log", "--json"], ["log", "--bt"], ["why", "--json", "7ffff6001000"],
            ["diff", "--rel", "bad.mlg"], ["verify", "--json"], ["explain"], ["explain", "--json"],
            ["audit"], ["audit", "--json"]]
CONTROL = re.compile(rb"[\0-\x08\x0b-\x1f\x7f]")


def damage(data, dice):
    data = bytearray(data)
    for _ in range(dice.choice((1, 1, 3, 20))):
        where = dice.choice((0, HEADER, HEADER, HEADER))
        at = where + dice.randrange(HEADER if where == 0 else USED)
        what = dice.randrange(4)
        if what == 0:
            data[at] = dice.randrange(256)
        elif what == 1:
            data[at:at + 8] = dice.choice((b"\xff" * 8, b"\0" * 8, b"\0\0\0\0\0\0\0\x80"))
        elif what == 2:
            a, b = (HEADER + RECORD * dice.randrange(USED // RECORD) for _ in range(2))
            data[a:a + RECORD], data[b:b + RECORD] = data[b:b + RECORD], data[a:a + RECORD]
        elif dice.random() < 0.2:
            return bytes(data[:at])
    return bytes(data)


def main(mapledger, make_ledger, rounds="25"):
    checks = Checks()
    seed = int(os.environ.get("ML_TEST_SEED", "0")) or random.randrange(1, 1 << 30)
    dice = random.Random(seed)
    with scratch() as folder:
        whole = []
        for script in ("different", "flight", "child", "stacks"):
            make(make_ledger, script, folder, script + ".mlg")
            with open(os.path.join(folder, script + ".mlg"), "rb") as file:
                whole.append(file.read(2 << 20))
        for i in range(int(rounds)):
            with open(os.path.join(folder, "bad.mlg"), "wb") as file:
                file.write(damage(dice.choice(whole), dice))
            for command in COMMANDS:
                done = run([mapledger, *command, "bad.mlg"], folder)
                name = f"seed {seed}, round {i}, {' '.join(command)}"
                checks.check(done.returncode in (0, 1, 2, 3)
                             and b"Sanitizer" not in done.stderr
                             and b"runtime error" not in done.stderr,
                             f"{name}: ends with {done.returncode}: {done.stderr[-2000:]}")
                if "maps" not in command:
                    checks.check(not CONTROL.search(done.stdout + done.stderr),
                                 f"{name}: control bytes")
    checks.finish()


main(*(os.path.abspath(arg) if os.path.exists(arg) else arg for arg in sys.argv[1:]))
