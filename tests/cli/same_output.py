#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
same_output.py OLD_BUILD NEW_BUILD [LEDGER...]: do two builds of the command say the same?

For whoever changes the house and not what it does. Every command with every option that
reads a ledger, the pages of help and wrong usage are run with both builds: what is printed,
on either stream, and the exit status must be the same to the byte. The ledgers are those
of tests/cli/scripts, of the broken programs of `mapledger demo', of a few real programs,
recorded by the old build, and those that are named.

Prints each command line that differs; ends with 1 where any does.
"""

import argparse
import difflib
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from testing import HERE, environment, make, run, scratch

PROGRAMS = {
    "python": ["python3", "-c", "import ssl, json, sqlite3; b = [bytes(9999) for _ in range(999)]"],
    "git": ["git", "--no-pager", "log", "-n", "50", "--stat"],
    "gcc": ["gcc", "-xc", "-O1", "-o", "/dev/null", "-"],
    "perl": ["perl", "-e", "my %h = map { $_ => 'x' x 999 } 1 .. 9999; fork or exit 3; wait"],
    "sh": ["sh", "-c", "ls / | sort -r | head -n 3; exec true"],
}
INPUT = {"gcc": b"int main(void) { return 0; }\n"}

COMMANDS = ["run", "info", "map", "log", "why", "top", "diff", "verify", "explain", "audit",
            "demo", "help"]

# Of one ledger, whose name comes last.
ON_LEDGER = """
info | info --json | info --bytes | verify | verify --all | verify --json | explain | explain --json
map | map --json | map --long | map --bytes | map --gaps | map --format maps | map --at start
map --at main | map --at 3 | map --at -3 | map --at @1ms | map --at crash | map --at mark:loaded
map -w | map -wx | map --kind anon,stack,guard | map --kind text,data,heap,reserve --size >=16K
map --module libc* | map --range lib:libc | map --range [heap] | map --range [stack]
map --range area:1 | map --range 0x400000+8M | map --range sym:main | map --color always
log | log --json | log --bt | log --format strace | log --format csv | log --format jsonl -n 20
log -Z | log -z -n 9 | log -e mmap,munmap | log -e !mmap | log -e %mem | log -e %process | log -e resync
log --became x | log --lost w | log --since 2 --until -2 | log -n 3 -C 1 -e mprotect | log --bytes
log --kind jit | log --size <64K | log --from main | log --module libc* | log -w | log --color always
log --range lib:libc --bt
top | top --json | top --folded | top --by bytes | top --by live-bytes -n 5 | top --by failed | top -Z
top --since main | top --from main | top --became x
why fault | why pc | why [heap] | why [stack] | why lib:libc | why area:1 | why area:2 --all | why sym:main
why [stack] --json | why lib:libc --area | why [heap] --bt | why 0x10 | why 0xffffffffffff
diff start end | diff main end | diff start end --json | diff 1 -1 --bytes | diff start end --color always
audit | audit --json | audit --fail-on note | audit --enable P04 | audit --gen-suppressions
""".replace("\n", "|")

WRONG = """
nothing | map --at | map --at never | map --at 1e3 | map --kind tree | map --size much | map --format csv
map --range | map --range 5-4 | map --range lib: | map --nothing | map a.mlg b.mlg | map -p x | map -p 0
log --since x | log -n many | log -e map | log --became q | log --from ( | log -A -1 | top --by name
why | why nowhere | why 0x | why area:x | diff | diff start | diff a b c d e | diff start nowhere
verify --loud | explain --core | explain --core /nowhere | audit --fail-on loud | audit --explain X99
audit --explain all | audit --supp /nowhere | audit --baseline /nowhere | demo nothing | demo
help nothing | help environment | help coverage | run | run -- | run --verify=often -- true
run --max-size=1 -- true | run --stack=deep -- true | run --depth=65 -- true | run --enforce=x -- true
run --hold=x -- true | run --check --fail-on x -- true | info /nowhere | info / | info /dev/null | --version
--help | -h | map -h | run --help
""".replace("\n", "|")


def lines(text):
    return [line.split() for line in text.split("|") if line.strip()]


def addresses(old, ledger, folder):
    """A few of the first, the middle and the last areas, and one that is in none."""
    said = run([old, "map", "--json", ledger], folder).stdout.decode(errors="replace")
    try:
        starts = [area["start"] for area in json.loads(said)["areas"]]
    except (ValueError, KeyError):
        return []  # a ledger that can't be read is a case, too
    step = max(1, len(starts) // 8)
    return starts[::step] + [hex(int(start, 16) - 4096) for start in starts[:1]]


def on_ledger(old, ledger, folder):
    for words in lines(ON_LEDGER):
        yield [*words, ledger]
    for address in addresses(old, ledger, folder):
        yield ["why", address, ledger]
        yield ["why", address, "--at", "main", "--json", ledger]
        yield ["map", "--range", address, ledger]


def on_pairs(ledgers):
    for first, second in zip(ledgers, ledgers[1:]):
        yield ["diff", first, second]
        yield ["diff", "--rel", first, second]
        yield ["diff", "--rel", "--json", first, second]


def record(build, writer, folder):
    """All ledgers; the scripts are this tree's, and so is who understands them: @writer's.

    A program that is not there is left out.
    """
    mapledger = os.path.join(build, "src/cli/mapledger")
    for script in sorted(os.listdir(os.path.join(HERE, "scripts"))):
        make(os.path.join(writer, "tests/cli/make_ledger"), script[:-4], folder,
             script[:-4] + ".mlg")
    demos = run([mapledger, "demo"], folder).stdout.decode().splitlines()
    for name in [line.split()[0] for line in demos if line.startswith("  ")]:
        run([mapledger, "run", "-o", f"demo-{name}.mlg", "--",
             os.path.join(build, "src/demo/mapledger-demo"), name], folder)
    for name, argv in PROGRAMS.items():
        run([mapledger, "run", "-o", os.path.join(folder, f"{name}.mlg"), "--", *argv], HERE,
            stdin=None, input=INPUT.get(name, b""))
    return sorted(name for name in os.listdir(folder) if name.endswith(".mlg"))


def outcome(command, words, folder):
    try:
        done = run([command, *words], folder)
    except subprocess.TimeoutExpired:
        return "no end within a minute"
    return (f"exit {done.returncode}\n" + done.stdout.decode(errors="backslashreplace") +
            "--- stderr\n" + done.stderr.decode(errors="backslashreplace"))


def compare(old, new, words, folder):
    """The first lines of what differs, cut; or None."""
    before, after = (outcome(command, words, folder) for command in (old, new))
    if before == after:
        return None
    difference = difflib.unified_diff(before.splitlines(), after.splitlines(), "old", "new", lineterm="")
    return "\n".join(line[:200] for line in list(difference)[:30])


def main():
    parser = argparse.ArgumentParser(description=__doc__.strip().split("\n", maxsplit=1)[0])
    parser.add_argument("old")
    parser.add_argument("new")
    parser.add_argument("ledger", nargs="*")
    arguments = parser.parse_args()
    old, new = (os.path.join(os.path.realpath(build), "src/cli/mapledger")
                for build in (arguments.old, arguments.new))
    with scratch() as folder:
        ledgers = record(os.path.realpath(arguments.old), os.path.realpath(arguments.new), folder)
        ledgers += [os.path.realpath(ledger) for ledger in arguments.ledger]
        cases = [words for ledger in ledgers for words in on_ledger(old, ledger, folder)]
        cases += [*on_pairs(ledgers), *lines(WRONG)]
        cases += [["help", command] for command in COMMANDS]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            found = list(pool.map(lambda words: compare(old, new, words, folder), cases))
    for words, difference in zip(cases, found):
        if difference is not None:
            print(f"DIFFERENT: mapledger {' '.join(words)}\n{difference}")
    n_different = sum(difference is not None for difference in found)
    print(f"{len(ledgers)} ledgers, {len(cases)} command lines, {n_different} differ")
    sys.exit(1 if n_different else 0)


main()
