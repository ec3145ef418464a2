# SPDX-License-Identifier: Apache-2.0
"""What the tests of the command share."""

import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))

# What runs programs that were built for another machine, as meson names it.
WRAPPER = os.environ.get("MESON_EXE_WRAPPER", "").split()


class Checks:
    """Counts what went wrong and says each at once."""

    def __init__(self):
        self.n = 0
        self.n_wrong = 0

    def check(self, good, what):
        self.n += 1
        if not good:
            self.n_wrong += 1
            print(f"WRONG: {what}")

    def same(self, got, wanted, what):
        self.check(got == wanted, f"{what}\n  got    {got!r}\n  wanted {wanted!r}")

    def finish(self):
        print(f"{self.n} checks, {self.n_wrong} wrong")
        sys.exit(1 if self.n_wrong else 0)


def environment(**more):
    """Nothing that colours, translates or records; UTC."""
    env = {name: value for name, value in os.environ.items()
           if name not in ("LD_PRELOAD", "MAPLEDGER_OPTIONS", "NO_COLOR", "MAPLEDGER_SHIM")}
    env.update(LC_ALL="C", TZ="UTC", **more)
    return env


def run(argv, cwd, **options):
    options.setdefault("env", environment())
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run([*WRAPPER, *argv], cwd=cwd, capture_output=True, timeout=60, check=False, **options)


def make(make_ledger, script, folder, name):
    """A ledger from tests/cli/scripts/SCRIPT.txt."""
    with open(os.path.join(HERE, "scripts", script + ".txt"), "rb") as lines:
        subprocess.run([*WRAPPER, make_ledger, os.path.join(folder, name)], stdin=lines, check=True)


def scratch():
    return tempfile.TemporaryDirectory(prefix="mapledger-cli-")
