# SPDX-License-Identifier: Apache-2.0
"""What the fences share: a list of breaches, and how a test ends."""

import os
import subprocess
import sys

SKIP = 77  # meson's exit status for "skipped"


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIP)


def finish(breaches, checked, what):
    """Ends the test. Having checked nothing is a failure: a fence must not stand open."""
    for breach in breaches:
        print(breach)
    if checked == 0:
        print(f"found no {what} to check")
    print(f"{checked} {what}, {len(breaches)} breaches")
    sys.exit(1 if breaches or checked == 0 else 0)


def tool(*command):
    """The output of a program from binutils or the like; skips when there is none."""
    try:
        return subprocess.run(command, check=True, text=True, capture_output=True,
                              env={**os.environ, "LC_ALL": "C"}).stdout
    except FileNotFoundError:
        return skip(f"{command[0]} is not installed")


def files_below(root, folders, wanted):
    """Paths relative to @root of all files for which wanted(path) holds, sorted."""
    found = []
    for folder in folders:
        for path, subfolders, names in os.walk(os.path.join(root, folder)):
            subfolders[:] = [s for s in subfolders if s != "__pycache__"]
            found += [os.path.relpath(os.path.join(path, name), root) for name in names]
    return sorted(path for path in found if wanted(os.path.join(root, path)))
