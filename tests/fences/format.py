# SPDX-License-Identifier: Apache-2.0
"""C code is laid out as .clang-format says.

Other versions of clang-format lay out some things otherwise, so only the one that the
code was formatted with is asked.
"""

import os
import re
import subprocess
import sys
from fence import files_below, finish, skip

VERSION = 14
FOLDERS = ["include", "src", "preload", "tests", "bench"]
AT_ONCE = 100  # files


def formatter():
    """The name of the right version, under whichever name it is installed."""
    for name in (f"clang-format-{VERSION}", "clang-format"):
        try:
            said = subprocess.run([name, "--version"], check=True, text=True, capture_output=True)
        except (FileNotFoundError, subprocess.CalledProcessError):
            continue
        if re.search(rf"version {VERSION}\.", said.stdout):
            return name
    return skip(f"clang-format {VERSION} is not installed")


def differing(command, root, paths):
    """The first place of each file that is laid out otherwise."""
    done = subprocess.run([command, "--dry-run", *paths], cwd=root, text=True, check=False,
                          capture_output=True)
    places = {}
    for line in done.stderr.splitlines():
        match = re.match(r"([^:]+):(\d+):\d+: (?:warning|error): ", line)
        if match:
            places.setdefault(match[1], match[2])
    if done.returncode != 0 and not places:
        places[" ".join(paths[:1])] = f"0: {command} failed: {done.stderr.strip()}"
    return places


def main(root):
    command = formatter()
    paths = files_below(root, FOLDERS, lambda path: path.endswith((".c", ".h")))
    breaches = []
    for first in range(0, len(paths), AT_ONCE):
        places = differing(command, root, paths[first:first + AT_ONCE])
        breaches += [f"{path}:{line}: not as .clang-format says; {command} -i mends it"
                     for path, line in sorted(places.items())]
    finish(breaches, len(paths), "files")


main(os.path.realpath(sys.argv[1]))
