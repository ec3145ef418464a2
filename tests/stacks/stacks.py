#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The stacks in a ledger are those that backtrace() gave at the same places.

usage: stacks.py MAPLEDGER SHIM PRINT_STACKS VICTIM PLUGIN

A frame is compared by its address; the innermost that both have is in the same
function, but not at the same instruction, so there only the distance counts.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

SKIP = 77
NEAR = 400  # bytes, in one function
LIBC = re.compile(r"/(libc[.-]|ld-)[^/]*$")

# Stacks that may end before they should: on top of a hook, or while other threads keep
# the lock for long, a rule can't be looked up; made code has no tables.
MAY_END = {
    "on_hook": {"busy", "outermost", "depth"},
    "thread": {"busy", "outermost", "depth"},
    "fibre": {"no_rule", "depth"},  # what makecontext() returns to is between functions
    "made_frameless": {"no_rule"},
    "hidden": {"no_rule"},
}


class Frame:
    def __init__(self, text):
        address, _, self.place = text.partition("=")
        self.pc = int(address.rstrip("!?"), 16)
        self.exact, self.guessed = "!" in address, "?" in address

    def is_libc(self):
        return LIBC.search(self.place.rpartition("+")[0]) is not None


def read_said(path):
    for line in path.read_text().splitlines():
        scene, operation, address, pid, *frames = line.split()
        yield scene, (int(pid), operation, int(address, 16)), [int(f, 16) for f in frames]


def read_ledger(print_stacks, path, pid):
    done = subprocess.run([print_stacks, path], capture_output=True, text=True, check=True)
    for line in done.stdout.splitlines():
        _event, operation, _tid, address, end, *frames = line.split()
        yield (pid, operation, int(address, 16)), (end, [Frame(text) for text in frames])


def why_different(scene, said, end, frames, depth):
    """None when they are the same."""
    # backtrace() begins with the place where it was called.
    outer = said[1:]
    inner = 0
    while inner < len(frames) and (not outer or frames[inner].pc != outer[0]):
        inner += 1
    if inner == len(frames):
        if end in MAY_END.get(scene, set()) & {"busy"} or len(frames) == depth:
            return None
        return "never comes to the caller of the probe"
    if scene != "hidden" and abs(frames[inner - 1].pc - said[0]) > NEAR:
        return "does not begin in the probe"
    if not all(frame.is_libc() for frame in frames[:inner - 1]):
        return "has something else than libc in front of the probe"
    ours = [frame.pc for frame in frames[inner:]]
    if scene == "made_framed":
        if not any(frame.guessed for frame in frames):
            return "does not say that a frame was guessed"
    if scene in ("made_framed", "made_frameless"):
        outer = outer[:len(ours)] if outer[:len(ours)] == ours[:len(outer)] else outer
        ours = ours[:len(outer)]
    if ours != outer[:len(ours)]:
        return "has other frames"
    if end not in MAY_END.get(scene, {"outermost", "depth"}):
        return f"ends with {end}"
    if end == "depth" and len(frames) != depth:
        return "ends too early"
    if end == "outermost" and len(outer) - len(ours) > 1:
        return "is said to be whole, and is not"
    return None


def run(mapledger, shim, victim, arguments, folder, options):
    environment = dict(os.environ, MAPLEDGER_SHIM=shim)
    ledger, said = folder / "v.mlg", folder / "said"
    with open(said, "w", encoding="utf-8") as out:
        done = subprocess.run([mapledger, "run", "-q", "--keep-all", *options, "-o", ledger, "--",
                               victim, *arguments], env=environment, stdout=out)
    if done.returncode == SKIP:
        sys.exit(SKIP)
    if done.returncode != 0:
        sys.exit(f"the victim ended with {done.returncode}")
    return said, [ledger, *sorted(Path(f"{ledger}.d").glob("*.mlg"))]


def check_many(arguments, folder):
    """What is left of more stacks than the shim keeps and more history than the ledger holds."""
    mapledger, shim, print_stacks, victim, plugin = arguments
    said, ledgers = run(mapledger, shim, victim, [plugin, "many"], folder,
                        ["--depth=64", "--max-size=5M"])
    calls = defaultdict(list)
    for _scene, key, frames in read_said(said):
        calls[key[2]].append(frames)
    n_said = sum(map(len, calls.values()))
    n = n_bad = 0
    # What was lost is at the beginning.
    for (_pid, operation, address), (end, ours) in reversed(
            list(read_ledger(print_stacks, ledgers[0], 0))):
        if operation != "mprotect" or not calls[address]:
            continue
        n += 1
        why = "has no stack"
        if ours:
            why = why_different("many", calls[address].pop(), end, ours, 64)
        n_bad += why is not None
        if why and n_bad <= 3:
            print(f"many: {address:x}: {why}")
    print(f"many: {n} of {n_said} are left, {n_bad} are wrong")
    return 0 if n_bad == 0 and 1000 < n < n_said - 1000 else 1


def check(arguments, folder, options, depth):
    mapledger, shim, print_stacks, victim, plugin = arguments
    said, ledgers = run(mapledger, shim, victim, [plugin], folder, options)
    said = list(read_said(said))
    pids = list(dict.fromkeys(key[0] for _scene, key, _frames in said))
    recorded = {}
    for pid, ledger in zip(pids, ledgers):
        code = subprocess.run([mapledger, "verify", ledger], capture_output=True, text=True)
        if code.returncode != 0:
            print(code.stdout)
            return 1
        recorded.update(read_ledger(print_stacks, ledger, pid))
    good, bad, ends = Counter(), Counter(), Counter()
    for scene, key, frames in said:
        end, ours = recorded.get(key, ("-", []))
        why = why_different(scene, frames, end, ours, depth) if ours else "has no stack"
        ends[scene, end] += 1
        (bad if why else good)[scene] += 1
        if why and bad[scene] <= 3:
            print(f"{scene}: {key[1]} {key[2]:x}: {why} (ends: {end})")
            print("  said:    ", " ".join(f"{f:x}" for f in frames))
            print("  recorded:", " ".join(f"{f.pc:x}{'!' * f.exact}{'?' * f.guessed}"
                                          f"{'(libc)' * f.is_libc()}" for f in ours))
    for scene in dict.fromkeys(scene for scene, _key, _frames in said):
        how = ", ".join(f"{n} {end}" for (of, end), n in sorted(ends.items()) if of == scene)
        print(f"{scene}: {good[scene]} are the same, {bad[scene]} are not ({how})")
    for scene in "on_hook", "thread":
        if ends[scene, "busy"] > 0.5 * sum(n for (of, _), n in ends.items() if of == scene):
            print(f"{scene}: too many of the stacks are not whole")
            return 1
    return 1 if bad else 0


def main(*arguments):
    code = 0
    for options, depth in ([], 16), (["--depth", "64"], 64), (["--depth=3"], 3):
        with tempfile.TemporaryDirectory() as folder:
            print(f"--- {depth} frames")
            code |= check(arguments, Path(folder), options, depth)
    with tempfile.TemporaryDirectory() as folder:
        code |= check_many(arguments, Path(folder))
    return code


sys.exit(main(*sys.argv[1:]))
