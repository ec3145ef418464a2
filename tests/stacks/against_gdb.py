#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Stacks of real programs' calls are those that gdb sees at the same moment.

usage: against_gdb.py SHIM PRINT_STACKS

gdb stops a recorded program at some of its system calls, where the call is inside the
shim, asks the shim for the call's number, and walks the stack with its own code. What
gdb sees outside of the shim must be what is in the ledger.
"""

import os
import random
import shutil
import subprocess
import sys
import tempfile

SKIP = 77
PROGRAMS = [
    ["/usr/bin/python3", "-c", "import ssl, json, decimal; x = [bytes(n) for n in range(40000)]"],
    ["/usr/bin/perl", "-e", "use POSIX; @x = map { 'x' x $_ } 1..6000; sleep 0"],
    ["/usr/bin/sort", "--parallel=2", "/proc/self/maps", "/proc/self/smaps"],
    ["/usr/bin/gcc", "-x", "c", "-S", "-o", "/dev/null", "/dev/null"],
]

SCRIPT = """
import gdb

def frames():
    frame, found = gdb.newest_frame(), []
    while frame is not None and len(found) < 80:
        # Those two have no place on the stack: gdb tells them from debug information.
        if frame.type() not in (gdb.INLINE_FRAME, gdb.TAILCALL_FRAME):
            found.append(frame.pc())
        try:
            frame = frame.older()
        except gdb.error:
            break
    return found

gdb.execute("set confirm off")
gdb.execute("set debuginfod enabled off")
gdb.execute("set backtrace past-main on")
gdb.execute("set backtrace past-entry on")
gdb.execute("set pagination off")
gdb.execute("catch syscall mprotect munmap mmap brk")
gdb.execute("run", to_string=True)
every = {every}
n = 0
while gdb.selected_inferior().pid != 0 and n < {limit}:
    try:
        event = int(gdb.parse_and_eval("shim.writer.n_events"))
        if event > 0 and n % every == 0:
            print("SAID", event, *["%x" % pc for pc in frames()])
    except gdb.error:
        pass
    n += 1
    gdb.execute("continue", to_string=True)
try:
    gdb.execute("kill", to_string=True)
except gdb.error:
    pass
"""


def run_gdb(shim, program, folder, every):
    script = os.path.join(folder, "script.py")
    with open(script, "w", encoding="utf-8") as file:
        file.write(SCRIPT.format(every=every, limit=600))
    options = f"output={folder}/gdb.mlg:sites=libc:depth=40:follow=none"
    done = subprocess.run(
        ["gdb", "-batch", "-nx", "-ex",
         f"set exec-wrapper env LD_PRELOAD={shim} MAPLEDGER_OPTIONS={options}",
         "-x", script, "--args", *program], text=True, timeout=200, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False).stdout
    said = {}
    for line in done.splitlines():
        if line.startswith("SAID "):
            event, *pcs = line.split()[1:]
            said.setdefault(int(event), []).append([int(pc, 16) for pc in pcs])
    return said, done


def recorded(print_stacks, ledger):
    text = subprocess.run([print_stacks, ledger], capture_output=True, text=True,
                          check=True).stdout
    for line in text.splitlines():
        event, _operation, _tid, _address, end, *frames = line.split()
        yield int(event), end, [int(frame.partition("=")[0].rstrip("!?"), 16) for frame in frames]


def agrees(ours, theirs, end):
    """gdb goes on where tables end, so only what is there before is compared."""
    if not ours or ours[0] not in theirs:
        return None  # a call of the shim's own, or one that was begun later
    theirs = theirs[theirs.index(ours[0]):]
    n = min(len(ours), len(theirs))
    whole = end != "outermost" or len(theirs) - len(ours) <= 1
    return ours[:n] == theirs[:n] and whole


def check(shim, print_stacks, program, seed):
    with tempfile.TemporaryDirectory() as folder:
        said, output = run_gdb(shim, program, folder, random.Random(seed).choice([2, 3, 5]))
        n = n_bad = 0
        for event, end, ours in recorded(print_stacks, f"{folder}/gdb.mlg"):
            results = [agrees(ours, theirs, end) for theirs in said.get(event, [])]
            results = [result for result in results if result is not None]
            n += bool(results)
            if results and not any(results):
                n_bad += 1
            if results and not any(results) and n_bad <= 3:
                print(f"  event {event}, {end}\n  ours: {' '.join('%x' % pc for pc in ours)}\n"
                      f"  gdb:  {' '.join('%x' % pc for pc in said[event][0])}")
    print(f"{os.path.basename(program[0])}: {n} stacks compared, {n_bad} differ")
    if n == 0:
        print(output[-2000:])
    return n, n_bad


def main(shim, print_stacks):
    if not shutil.which("gdb"):
        print("skipped: gdb is not installed")
        return SKIP
    tried = subprocess.run(["gdb", "-batch", "-nx", "-ex", "run", "--args", "/bin/true"],
                           text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if "exited" not in tried.stdout:
        print("skipped: gdb can't run a program here")
        return SKIP
    seed = int(os.environ.get("ML_TEST_SEED", random.randrange(1 << 32)))
    print(f"ML_TEST_SEED={seed}")
    results = [check(shim, print_stacks, program, seed) for program in PROGRAMS
               if os.path.exists(program[0])]
    return 1 if any(bad for _, bad in results) or not any(n for n, _ in results) else 0


sys.exit(main(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])))
