# SPDX-License-Identifier: Apache-2.0
"""
usage.py MAPLEDGER MAKE_LEDGER: wrong usage, and files that are no good

Every case is one line on stderr and an exit code; nothing on stdout.
"""

import mmap
import os
import struct
import subprocess
import sys
from testing import WRAPPER, Checks, environment, make, run, scratch

HEADER_PID = 100  # see struct ledger_header
MOMENT = ("is not a moment; write 42, -10, start, main, crash, end, @1.25s, @250ms or mark:NAME")
PLACE = ("is no place; write 0x7f12000, 0x7f12000-0x7f14000, 0x7f12000+8K, lib:libssl, "
         "path:'*.db', [heap], [stack], stack:TID, area:N or sym:NAME")
CALLS = ("names no call; write for example mmap,munmap or !madvise or %mem or resync")

CASES = [
    ([], 2, "say what to do: mapledger run PROGRAM, or see: mapledger help"),
    (["frob"], 2, "there is no command 'frob'; see: mapledger help"),
    (["--frob"], 2, "unknown option '--frob'; see: mapledger help"),
    (["help", "frob"], 2, "there is no command 'frob'; see: mapledger help"),
    (["map", "--frob"], 2, "map: unknown option '--frob'; see: mapledger help map"),
    (["map", "--frob=3"], 2, "map: unknown option '--frob'; see: mapledger help map"),
    (["map", "-Z"], 2, "map: unknown option '-Z'; see: mapledger help map"),
    (["map", "--gaps=3"], 2, "map: option '--gaps' takes no value; see: mapledger help map"),
    (["map", "--at"], 2, "map: --at needs a value: MOMENT; see: mapledger help map"),
    (["log", "-e"], 2, "log: --calls needs a value: NAMES; see: mapledger help log"),
    (["map", "--at", "soon", "demo.mlg"], 2, f"map: --at: 'soon' {MOMENT}"),
    (["map", "--at", "11", "demo.mlg"], 2, "demo.mlg ends at event #10; there is no #11"),
    (["map", "--at", "-11", "demo.mlg"], 2, "demo.mlg has only 10 events"),
    (["map", "--range", "12-", "demo.mlg"], 2, f"map: --range: '12-' {PLACE}"),
    (["map", "--at", "crash", "demo.mlg"], 2, "demo.mlg holds no crash; the last moment is: end"),
    (["map", "--at", "mark:x", "demo.mlg"], 2,
     "demo.mlg has no mark 'x'; the program sets marks with ml_mark()"),
    (["log", "--since", "99", "demo.mlg"], 2, "demo.mlg ends at event #10; there is no #99"),
    (["map", "--range", "fault", "demo.mlg"], 2,
     "demo.mlg holds no crash, so there is no 'fault'; give an address"),
    (["map", "--range", "area:11", "demo.mlg"], 2,
     "demo.mlg ends at event #10; there is no #11"),
    (["log", "--range", "area:8", "demo.mlg"], 2,
     "demo.mlg: event #8 (munmap) mapped nothing; see: mapledger map"),
    (["log", "--range", "lib:libxyz", "demo.mlg"], 2,
     "demo.mlg: no file whose name begins with 'libxyz' was ever mapped; see: mapledger map"),
    (["log", "--range", "stack:4243", "demo.mlg"], 2,
     "demo.mlg: where the stack of thread 4243 lies is not known"),
    (["log", "--became", "q", "demo.mlg"], 2,
     "log: --became: 'q' is no permission; write r, w, x or several of them"),
    (["log", "--size", "big", "demo.mlg"], 2,
     "log: --size: 'big' is no size to compare with; write for example '>=1M', '<8K', 4K or "
     "4K-1M"),
    (["log", "--kind", "fil", "demo.mlg"], 2,
     "log: --kind: 'fil' is no kind of area; write anon, file, text, data, heap, stack, guard, "
     "reserve, shm, memfd, hugetlb, jit, vdso or own"),
    (["map", "--format", "xml", "demo.mlg"], 2,
     "map: --format: 'xml' is not a format of map; use table or maps"),
    (["log", "--format", "maps", "demo.mlg"], 2,
     "log: --format: 'maps' is not a format of log; use table, strace, jsonl or csv"),
    (["log", "-e", "mnap", "demo.mlg"], 2, f"log: --calls: 'mnap' {CALLS}"),
    (["log", "--tid", "x", "demo.mlg"], 2,
     "log: --tid: 'x' is not a thread id; mapledger log shows them as t4242"),
    (["log", "-n", "-3", "demo.mlg"], 2, "log: --tail: '-3' is not a number"),
    (["why"], 2, "why: which address? For example: mapledger why 0x7f1234567000"),
    (["why", "demo.mlg"], 2, f"why: 'demo.mlg' {PLACE}"),
    (["why", "0x1000", "--at", "crash", "demo.mlg"], 2,
     "demo.mlg holds no crash; the last moment is: end"),
    (["top", "--by", "name", "demo.mlg"], 2,
     "top: --by: 'name' is not one of live, live-bytes, calls, failed, bytes"),
    (["diff"], 2,
     "diff: give two moments (start end) or two ledgers; see: mapledger help diff"),
    (["diff", "start"], 2,
     "diff: give two moments (start end) or two ledgers; see: mapledger help diff"),
    (["diff", "start", "demo.mlg"], 2,
     "diff: 'start' is a moment, and 'demo.mlg' is none; give two moments or two files"),
    (["diff", "start", "99", "demo.mlg"], 2, "demo.mlg ends at event #10; there is no #99"),
    (["diff", "demo.mlg", "none.mlg"], 2, "none.mlg: cannot open: No such file or directory"),
    (["diff", "demo.mlg", "demo.mlg", "demo.mlg"], 2,
     "two FILEs at a time; 'demo.mlg' is too much"),
    (["info", "--color", "blue", "demo.mlg"], 2,
     "info: --color: 'blue' is not one of auto, always, never"),
    (["info", "demo.mlg", "other.mlg"], 2, "one FILE at a time; 'other.mlg' is too much"),
    (["info", "-p", "1", "demo.mlg"], 2, "give either a FILE or --pid, not both"),
    (["info", "-p", "0"], 2, "info: --pid: '0' is not a process id"),
    (["verify", "--all", "-p", "1"], 2, "verify: --all is for files, not for a running process"),
    (["map", "-p", "2147483647"], 2, "there is no process 2147483647"),
    (["info", "none.mlg"], 2, "none.mlg: cannot open: No such file or directory"),
    (["none.mlg"], 2, "none.mlg: cannot open: No such file or directory"),
    (["map", "text.mlg"], 2, "text.mlg: not a mapledger ledger"),
    (["log", "empty.mlg"], 2, "empty.mlg: empty file"),
    (["run"], 125, "run: name a program; see: mapledger help run"),
    (["run", "--frob", "ls"], 125, "run: unknown option '--frob'; see: mapledger help run"),
    (["run", "--follow", "some", "ls"], 125,
     "run: --follow: 'some' is not one of all, fork, none"),
    (["run", "--max-size", "big", "ls"], 125,
     "run: --max-size: 'big' is not a size; write for example 64M or 1G"),
    (["run", "--max-size", "2M", "ls"], 125,
     "run: --max-size: '2M' is too small; the smallest ledger has 2052K"),
]


def says(checks, mapledger, folder, arguments, code, line):
    done = run([mapledger] + arguments, folder)
    checks.same((done.returncode, done.stderr.decode(), done.stdout),
                (code, f"mapledger: {line}\n", b""), " ".join(arguments) or "no arguments")


def newest(checks, mapledger, folder):
    with scratch() as empty:
        says(checks, mapledger, empty, ["info"], 2,
             "there is no *.mlg here; name a file, or make one: mapledger run PROGRAM")
    os.utime(os.path.join(folder, "demo.mlg"), (4000000000, 4000000000))
    done = run([mapledger, "map"], folder)
    checks.same(done.stderr, b"mapledger: using demo.mlg\n", "the newest ledger is named")
    checks.same(done.returncode, 0, "the newest ledger is used")




def outputs(checks, mapledger, folder):
    """A full disk and a closed stdout are one line and exit code 2."""
    with open("/dev/full", "wb") as full:
        done = subprocess.run([*WRAPPER, mapledger, "map", "demo.mlg"], cwd=folder,
                              env=environment(), stdout=full, stderr=subprocess.PIPE, check=False)
    checks.same((done.returncode, done.stderr),
                (2, b"mapledger: can't write the output: No space left on device\n"),
                "a full disk")
    done = subprocess.run(["sh", "-c", '"$@" map demo.mlg >&-', "sh", *WRAPPER, mapledger],
                          cwd=folder, env=environment(), stderr=subprocess.PIPE, check=False)
    checks.same((done.returncode, done.stderr),
                (2, b"mapledger: can't write the output: Bad file descriptor\n"),
                "a closed stdout")
    done = subprocess.run(["bash", "-c", '"$@" log demo.mlg | true; exit 0', "bash",
                           *WRAPPER, mapledger],
                          cwd=folder, env=environment(), stderr=subprocess.PIPE, check=False)
    checks.same(done.stderr, b"", "a closed pipe is quiet")


def just_started(checks, mapledger, make_ledger, folder):
    """Of a baseline that is still being written, no part is taken for the whole."""
    make(make_ledger, "young", folder, "young.mlg")
    with open(os.path.join(folder, "young.mlg"), "r+b") as file:
        file.seek(HEADER_PID)
        file.write(struct.pack("<I", os.getpid()))
        file.flush()
        with mmap.mmap(file.fileno(), 4096):  # whose ledger this process has mapped
            for command in (["verify"], ["map"], ["diff", "start"]):
                says(checks, mapledger, folder, [*command, "-p", str(os.getpid())], 2,
                     f"process {os.getpid()} has only just started: its baseline is not in the "
                     "ledger yet; try again")


def every_page(checks, mapledger, folder):
    """Help exists for every command, fits a terminal, and names all its options."""
    for name in ("run", "info", "map", "log", "why", "top", "diff", "verify", "help"):
        page = run([mapledger, "help", name], folder).stdout.decode()
        checks.same(run([mapledger, name, "--help"], folder).stdout.decode(), page,
                    f"{name} --help is help {name}")
        checks.check(page.startswith(f"usage: mapledger {name} "), f"usage of {name}")
        checks.check(max(map(len, page.splitlines())) <= 100, f"help {name} is too wide")
    page = run([mapledger, "help", "environment"], folder).stdout.decode()
    checks.check("max_size=SIZE" in page, "help environment prints the options of the shim")
    version = run([mapledger, "--version"], folder).stdout.decode()
    checks.check(version.startswith("mapledger "), "--version")


def main(mapledger, make_ledger):
    checks = Checks()
    with scratch() as folder:
        make(make_ledger, "demo", folder, "demo.mlg")
        with open(os.path.join(folder, "text.mlg"), "w", encoding="utf-8") as text:
            text.write("This is no ledger, but it is long enough to be one.\n" * 100)
        with open(os.path.join(folder, "empty.mlg"), "wb"):
            pass
        for arguments, code, line in CASES:
            says(checks, mapledger, folder, arguments, code, line)
        newest(checks, mapledger, folder)
        outputs(checks, mapledger, folder)
        just_started(checks, mapledger, make_ledger, folder)
        every_page(checks, mapledger, folder)
    checks.finish()


main(*(os.path.abspath(arg) if os.path.exists(arg) else arg for arg in sys.argv[1:]))
