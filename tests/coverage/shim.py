# SPDX-License-Identifier: Apache-2.0
"""Which code of the shim do the tests run?

usage: shim.py [--missed FILE...] [--as-is] BUILD [TEST...]

Makes BUILD (with gcc, -Dshim_coverage=FILE: see reached.c), runs the suites preload and misuse
and a few real programs, or the TESTs named, and prints a table per room and per file: basic
blocks, and lines. A line counts as run when a block with code of it was. --as-is: nothing is
run, what BUILD has noted so far is shown. --missed: of each FILE the lines that were not run.

The shim is optimized as always, so lines are those that have left a trace in its code.
"""

import argparse
import bisect
import os
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from table import Count, print_table

SOURCE = Path(__file__).resolve().parents[2]
REACHED_MAX = 1 << 20  # as in reached.c
SUITES = ["preload", "misuse", "api"]
PROGRAMS = ["program bash", "program python3", "program perl", "program gcc", "program redis",
            "moments of malloc_threads", "moments of small_ledger", "each call of bash"]
CALLBACK = "__sanitizer_cov_trace_pc"


def run(*command, **more):
    return subprocess.run(command, check=True, text=True, **more)


def build(folder, reached):
    if not (folder / "build.ninja").exists():
        run("meson", "setup", folder, SOURCE, "-Dtests=enabled", f"-Dshim_coverage={reached}",
            env=dict(os.environ, CC=os.environ.get("CC", "gcc")), stdout=subprocess.DEVNULL)
    run("ninja", "-C", folder, stdout=subprocess.DEVNULL)


def measure(folder, reached, tests):
    with open(reached, "wb") as file:
        file.truncate(REACHED_MAX)
    runs = [tests] if tests else [[word for suite in SUITES for word in ("--suite", suite)],
                                  PROGRAMS]
    # Slower than the shim that is shipped: tests with a limit of time get more of it.
    command = ["meson", "test", "-C", folder, "--no-rebuild", "-q", "-t", "3", "--logbase"]
    return max(subprocess.run([*command, f"coverage{nr}", *chosen], check=False,
                              stdout=sys.stderr).returncode for nr, chosen in enumerate(runs))


def blocks_of(shim):
    """The address that each call of the callback returns to: one per basic block."""
    said = run("objdump", "-d", "--no-show-raw-insn", shim, stdout=subprocess.PIPE).stdout
    after_call = False
    for line in said.splitlines():
        if line.startswith(" ") and ":\t" in line:
            if after_call:
                yield int(line.split(":")[0], 16)
            after_call = f"<{CALLBACK}>" in line
        else:
            after_call = False


ROW = re.compile(r"^\S+\s+(\d+)\s+0x([0-9a-f]+)")


def rows_of(shim):
    """(address, path, line) of the table of lines."""
    said = run("objdump", "--dwarf=decodedline", shim, stdout=subprocess.PIPE).stdout
    alone = {path.name: str(path) for room in ("preload", "src")
             for path in SOURCE.glob(room + "/**/*.c")}
    path = None
    for line in said.splitlines():
        if line.endswith(".c:") or line.endswith(".h:"):
            # of a unit whose code is all of one file, just the name is shown
            path = alone.get(line[:-1], line[:-1])
        elif (row := ROW.match(line)) and path:
            yield int(row[2], 16), path, int(row[1])


def functions_of(shim):
    """Where functions begin: what follows before the first block belongs to none."""
    said = run("nm", shim, stdout=subprocess.PIPE).stdout
    return sorted(int(line.split()[0], 16) for line in said.splitlines()
                  if line.split()[1] in "tTwW")


def below_source(folder, path):
    return os.path.relpath(os.path.normpath(folder / path), SOURCE)


def collect(folder, shim, reached):
    """{file: {block: reached}} and {file: {line: reached}}."""
    blocks = sorted(blocks_of(shim))
    starts = functions_of(shim)
    in_blocks = defaultdict(dict)
    in_lines = defaultdict(dict)
    owners = {}  # a block with code of several files, inlined, is the first one's
    for address, path, line in sorted(rows_of(shim)):
        path = below_source(folder, path)
        # A row at the call itself is the block's, too.
        at = bisect.bisect_right(blocks, address + 5) - 1
        start = bisect.bisect_right(starts, address) - 1
        if path.startswith("..") or line == 0 or at < 0 or blocks[at] < starts[start]:
            continue
        hit = reached[blocks[at]] != 0
        in_blocks[owners.setdefault(blocks[at], path)][blocks[at]] = hit
        in_lines[path][line] = in_lines[path].get(line, False) or hit
    return in_blocks, in_lines


def count(flags):
    return Count(sum(flags.values()), len(flags))


def show_missed(lines, wanted):
    for path in sorted(lines):
        if any(path.endswith(name) for name in wanted):
            text = (SOURCE / path).read_text(encoding="utf-8").splitlines()
            for nr in sorted(nr for nr, hit in lines[path].items() if not hit):
                print(f"{path}:{nr}: {text[nr - 1].strip()}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--as-is", action="store_true", help="run nothing")
    parser.add_argument("--missed", action="append", default=[], metavar="FILE",
                        help="show which lines are not run")
    parser.add_argument("build", type=Path)
    parser.add_argument("tests", nargs="*")
    chosen = parser.parse_args()
    folder = chosen.build.resolve()
    reached = folder / "reached"
    failed = 0
    if not chosen.as_is:
        build(folder, reached)
        failed = measure(folder, reached, chosen.tests)
    blocks, lines = collect(folder, folder / "preload/libmapledger.so", reached.read_bytes())
    print_table(("blocks", "lines"), {path: (count(blocks[path]), count(lines[path]))
                                      for path in lines})
    show_missed(lines, chosen.missed)
    return 1 if failed else 0


sys.exit(main())
