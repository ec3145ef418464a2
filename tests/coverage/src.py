# SPDX-License-Identifier: Apache-2.0
"""Which lines and branches of src do the tests run?

usage: src.py [--missed FILE...] [--as-is] BUILD [SUITE...]

Makes BUILD (with gcc, -Db_coverage=true, not optimized), runs the suites, and prints a table
per room and per file. --as-is: nothing is run, what BUILD has counted so far is shown.
--missed: of each FILE the lines that were not run.
"""

import argparse
import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from table import Count, print_table

SOURCE = Path(__file__).resolve().parents[2]
SUITES = ["unit", "cli", "misuse", "api"]
AT_ONCE = 40  # counter files for one gcov


def run(*command, **more):
    return subprocess.run(command, check=True, **more)


def build(folder):
    if not (folder / "build.ninja").exists():
        run("meson", "setup", folder, SOURCE, "-Dtests=enabled", "-Db_coverage=true",
            "-Doptimization=0", env=dict(os.environ, CC=os.environ.get("CC", "gcc")),
            stdout=subprocess.DEVNULL)
    run("ninja", "-C", folder, stdout=subprocess.DEVNULL)


def measure(folder, suites):
    """gcov complains, where tests forbid files or fill disks, into a file of its own."""
    for counters in folder.rglob("*.gcda"):
        counters.unlink()
    command = ["meson", "test", "-C", folder, "--no-rebuild", "-q"]
    for suite in suites:
        command += ["--suite", suite]
    return subprocess.run(command, check=False, env=dict(os.environ, GCOV_ERROR_FILE="/dev/null"),
                          stdout=sys.stderr).returncode


def gcov(folder):
    """What gcov says of each object of src, also of those that no test has run."""
    notes = sorted((folder / "src").rglob("*.gcno"))
    for at in range(0, len(notes), AT_ONCE):
        said = run("gcov", "--json-format", "--stdout", "--branch-probabilities",
                   *notes[at:at + AT_ONCE], cwd=folder, stdout=subprocess.PIPE,
                   stderr=subprocess.DEVNULL).stdout
        for line in said.splitlines():
            yield json.loads(line)


def collect(folder):
    """{file: {line: count}} and {file: {(line, function, nr): count}}; a header is in many objects."""
    lines = defaultdict(lambda: defaultdict(int))
    branches = defaultdict(lambda: defaultdict(int))
    for report in gcov(folder):
        for file in report["files"]:
            path = os.path.relpath(folder / file["file"], SOURCE)
            if not path.startswith("src/"):
                continue
            seen = defaultdict(int)
            for line in file["lines"]:
                nr, function = line["line_number"], line.get("function_name")
                lines[path][nr] += line["count"]
                for branch in line["branches"]:
                    key = nr, function, seen[nr, function]
                    seen[nr, function] += 1
                    branches[path][key] += branch["count"]
    return lines, branches


def count(counters):
    return Count(sum(n > 0 for n in counters.values()), len(counters))


def show_missed(lines, branches, wanted):
    for path in sorted(lines):
        if not any(path.endswith(name) for name in wanted):
            continue
        text = (SOURCE / path).read_text(encoding="utf-8").splitlines()
        half = {line for (line, _, _), n in branches[path].items() if n == 0}
        for nr in sorted(lines[path]):
            if lines[path][nr] == 0 or nr in half:
                mark = "-" if lines[path][nr] == 0 else "?"
                print(f"{path}:{nr}: {mark} {text[nr - 1].strip()}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--as-is", action="store_true", help="run nothing")
    parser.add_argument("--missed", action="append", default=[], metavar="FILE",
                        help="show what is not run; ? for a line with such a branch")
    parser.add_argument("build", type=Path)
    parser.add_argument("suites", nargs="*", default=SUITES)
    chosen = parser.parse_args()
    folder = chosen.build.resolve()
    failed = 0
    if not chosen.as_is:
        build(folder)
        failed = measure(folder, chosen.suites)
    lines, branches = collect(folder)
    print_table(("lines", "branches"),
                {path: (count(lines[path]), count(branches[path])) for path in lines})
    show_missed(lines, branches, chosen.missed)
    return 1 if failed else 0


sys.exit(main())
