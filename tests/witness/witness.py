# SPDX-License-Identifier: Apache-2.0
"""Nothing that the kernel saw change is missing from the ledgers.

usage: witness.py MAPLEDGER SHIM [--options OPTIONS] [--expect-missing] [--json FILE]
                  [--victim FILE]... [NAME...]

Runs programs of tests/programs/corpus.py (NAME...) and victims of tests/preload under
the shim and under perf, and takes the kernel's own record of what happened to address
spaces (kernel.py). Each change must be a call of a ledger: same thread, operation,
arguments, result, and time. Or it has one of these reasons:

  not recorded   a program that the shim was not loaded into
  start          before our constructor: the kernel's loader and ld.so
  own            the shim's own memory
  exec, fork     the kernel builds a new address space
  stack          the kernel moved a stack's lower edge on a page fault
  userfaultfd    a range was registered: VMAs are split, and no line of the map changes
  read back      a call whose record was lost, because its thread was cancelled in it or too
                 many were late at once: the ledger says so, and read the map from the kernel

What is left is missing. --expect-missing turns the verdict round, for a test that the
test can fail: with --options sites=off the calls made inside libc are not seen.
"""

import argparse
import bisect
import collections
import json
import math
import os
import struct
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from kernel import EXECS, Lost, Reader, record, script, why_not

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "programs"))

from corpus import PROGRAMS, Program, check_names  # noqa: E402
from recorded import Tools, skip  # noqa: E402
from running import finish, rights, start  # noqa: E402
from table import write_json  # noqa: E402

SHOWN = 6              # missing changes of each program
LATE_NS = 1_000_000    # clocks are compared through a clock pair

# Functions of the shim that make calls for itself in memory that it soon gives back: a set
# that was thrown away has left no area in the ledger.
OWN_CALLERS = {"page_alloc", "baseline_new_space"}

REASONS = ("start", "own", "exec", "fork", "stack", "userfaultfd", "read back",
           "not recorded")

# Reasons of resyncs that make good what was lost. What nobody saw (unobserved) is missing.
MADE_GOOD = ("unordered", "nested")

# Arguments that are int, and of which the rest of the register is anything.
NARROW = {"mmap": (2, 3, 4), "mprotect": (2,), "pkey_mprotect": (2, 3), "mremap": (3,),
          "madvise": (2,), "shmat": (0, 2), "remap_file_pages": (2, 4), "mlock2": (2,),
          "mlockall": (0,), "prctl": (0,), "arch_prctl": (0,), "io_setup": (0,),
          "personality": (0,), "process_madvise": (0, 3, 4), "clone": (0,)}


# ----------------------------------------------------------------------- the ledgers

@dataclass
class Call:
    time_ns: int
    result: int  # None: in flight


@dataclass
class Image:
    """A program in a process, as one ledger has it."""
    pid: int
    start_ns: int
    own: list = field(default_factory=list)
    read_back: list = field(default_factory=list)  # (when, start, end)


def header_of(ledger):
    """(pid, start on the monotonic clock); see struct ledger_header."""
    with open(ledger, "rb") as file:
        header = file.read(128)
    return struct.unpack("<I", header[100:104])[0], struct.unpack("<Q", header[120:128])[0]


def wide(text):
    value = int(text, 16)
    return value - (1 << 64) if value >= 1 << 63 else value


class Ledgers:
    """All calls of a family by who made which, and whose memory is the shim's."""

    def __init__(self, tools, folder):
        self.calls = collections.defaultdict(list)
        self.images = collections.defaultdict(list)
        self.n_args = {}
        self.n_calls = 0
        self.n = 0
        for ledger in sorted(folder.glob("**/*.mlg")):
            self.add(tools, ledger)
        for key, calls in self.calls.items():
            self.calls[key] = collections.deque(sorted(calls, key=lambda call: call.time_ns))

    def add(self, tools, ledger):
        pid, start_ns = header_of(ledger)
        if pid == 0:
            return  # ended before it began
        image = Image(pid, start_ns)
        self.images[pid].append(image)
        self.n += 1
        for line in tools.ask("log", "--json", ledger).stdout.splitlines():
            said = json.loads(line)
            if said["type"] == "call":
                self.add_call(start_ns, said)
            elif said["type"] == "resync" and said["reason"] == "own":
                image.own.append((int(said["start"], 16), int(said["end"], 16)))
            elif said["type"] == "resync" and said["reason"] in MADE_GOOD:
                image.read_back.append((start_ns + said["time_ns"], int(said["start"], 16),
                                        int(said["end"], 16)))
        for area in json.loads(tools.ask("map", "--json", "--at", "start", ledger).stdout)["areas"]:
            if "own" in area["flags"]:
                image.own.append((int(area["start"], 16), int(area["end"], 16)))

    def add_call(self, start_ns, said):
        self.n_calls += 1
        result = None
        if said["finished"]:
            result = -said["errno"] if "errno" in said else wide(said["result"])
        args = tuple(int(arg, 16) for arg in said["args"])
        self.n_args[said["call"]] = len(args)
        self.calls[key_of(said["tid"], said["call"], args)].append(
            Call(start_ns + said["time_ns"], result))

    def all_images(self):
        return [image for images in self.images.values() for image in images]

    def take(self, change, tid):
        """The first call of @tid that @change can be, if there is one that nothing else was."""
        args = change.args[:self.n_args.get(change.name, 0)]
        calls = self.calls.get(key_of(tid, change.name, args), ())
        for call in calls:
            if call.time_ns > change.time_ns + LATE_NS:
                return False
            if None in (call.result, change.result) or call.result == change.result:
                calls.remove(call)
                return True
        return False

    def image_of(self, pid, begun_ns, ended_ns):
        """The ledger of a program that was executed, and executed another."""
        return next((image for image in self.images.get(pid, ())
                     if begun_ns < image.start_ns < ended_ns), None)


def key_of(tid, name, args):
    narrow = NARROW.get(name, ())
    return tid, name, tuple(arg & 0xffffffff if i in narrow else arg
                            for i, arg in enumerate(args))


# ------------------------------------------------------------------------- matching

class Matcher:
    """Goes through the kernel's changes in order, and finds for each what it is."""

    def __init__(self, ledgers):
        self.ledgers = ledgers
        self.execs = collections.defaultdict(list)  # pid -> when it executed something
        self.borrowed = {}  # a process that shares its parent's memory -> the thread it came from
        self.n_writes = 0
        self.n_matched = 0
        self.reasons = collections.Counter()
        self.missing = []

    def match(self, changes):
        for change in changes:
            if change.name in EXECS and change.result == 0:
                self.execs[change.pid].append(change.time_ns)
            if change.makes_sharer():
                self.borrowed[change.result] = change.tid
        for change in changes:
            if change.changed():
                self.n_writes += len(change.writes)
                self.judge(change)
        return self

    def span_of(self, change):
        """When what its process runs was executed, and when it executed something else."""
        times = self.execs[change.pid]
        place = bisect.bisect_right(times, change.time_ns)
        return (times[place - 1] if place else None,
                times[place] if place < len(times) else math.inf)

    def judge(self, change):
        reason = self.reason_without_call(change)
        if reason:
            self.reasons[reason] += 1
        elif self.is_call(change):
            self.n_matched += 1
        elif self.is_own(change):
            self.reasons["own"] += 1
        elif self.is_read_back(change):
            self.reasons["read back"] += 1
        else:
            self.missing.append(change)

    def is_call(self, change):
        """A vfork child runs on its parent's thread, and its calls are noted as that one's."""
        return self.ledgers.take(change, change.tid) or \
            self.ledgers.take(change, self.borrowed.get(change.pid, 0))

    def reason_without_call(self, change):
        if change.name in EXECS:
            return "exec"
        begun, ended = self.span_of(change)
        if begun is not None:
            image = self.ledgers.image_of(change.pid, begun, ended)
            if image is None:
                return "not recorded"
            if change.time_ns < image.start_ns:
                return "start"
        if change.name in ("clone", "clone3", "fork", "vfork"):
            return "fork"
        if any(frame.startswith(("expand_stack", "expand_downwards")) for frame in change.frames):
            return "stack"
        if any(frame.startswith("userfaultfd_") for frame in change.frames):
            return "userfaultfd"
        return None

    def is_own(self, change):
        """Asked for in the shim's memory. A forked child first gives back what was its parent's."""
        was_executed = self.span_of(change)[0] is not None
        images = self.ledgers.images[change.pid] if was_executed else self.ledgers.all_images()
        asked = change.range()
        return change.caller in OWN_CALLERS or bool(asked) and any(start <= asked[0] and asked[1] <= end
                                   for image in images for start, end in image.own)

    def is_read_back(self, change):
        """Afterwards, everything that the kernel wrote, or else that was asked for."""
        ranges = change.writes or [asked for asked in (change.range(),) if asked]
        edges = [edge for start, end in ranges for edge in (start, end - 1)]
        return bool(edges) and any(
            all(any(when + LATE_NS >= change.time_ns and start <= edge < end
                    for when, start, end in image.read_back) for edge in edges)
            for image in self.ledgers.images[change.pid])


# -------------------------------------------------------------------------- running

@dataclass
class Result:
    name: str
    skipped: str = ""
    n_ledgers: int = 0
    n_calls: int = 0
    matched: object = None

    def missing(self):
        return self.matched.missing if self.matched else []

    def is_empty(self):
        """Then it proves nothing."""
        return not self.skipped and not self.n_calls


def under_perf(tools, program, folder, options):
    """What stands before the program's own command."""
    data = folder / "perf.data"
    drop = rights(program)
    become = ["setpriv", f"--reuid={drop['user']}", f"--regid={drop['group']}",
              "--clear-groups"] if drop else []
    ledgers = folder / "ledgers"
    ledgers.mkdir(mode=0o777)
    ledgers.chmod(0o777)
    return data, ledgers, ["perf", *record(data), "--", *become, "env",
                           f"LD_PRELOAD={tools.shim}",
                           f"MAPLEDGER_OPTIONS=output={ledgers}/%e.%p.%n.mlg{options}"]


def watch(tools, name, program, folder, options):
    data, ledgers, before = under_perf(tools, program, folder, options)
    finish(start(tools, program, folder, before, drop_later=True))
    recorded = Ledgers(tools, ledgers)
    matched = Matcher(recorded).match(Reader().read(script(data)))
    return Result(name, n_ledgers=recorded.n, n_calls=recorded.n_calls, matched=matched)


def watch_or_skip(tools, name, program, options):
    lacks = program.lacks()
    if lacks:
        return Result(name, skipped=f"{lacks} is not installed")
    with tempfile.TemporaryDirectory(prefix="mapledger-", ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o755)
        try:
            return watch(tools, name, program, Path(folder), options)
        except Lost as lost:
            return Result(name, skipped=f"perf lost events: {lost}")


# ------------------------------------------------------------------------- the table

HEAD = (f"{'program':16} {'writes':>7} {'changes':>8} {'matched':>8} "
        + " ".join(f"{reason:>{max(6, len(reason))}}" for reason in REASONS)
        + f" {'missing':>8} {'ledgers':>8} {'calls':>8}")


def row(result):
    if result.skipped:
        return f"{result.name:16} skipped: {result.skipped}"
    matched = result.matched
    n_changes = matched.n_matched + sum(matched.reasons.values()) + len(matched.missing)
    return (f"{result.name:16} {matched.n_writes:7} {n_changes:8} {matched.n_matched:8} "
            + " ".join(f"{matched.reasons[reason]:{max(6, len(reason))}}" for reason in REASONS)
            + f" {len(matched.missing):8} {result.n_ledgers:8} {result.n_calls:8}")


def as_json(result):
    said = {"program": result.name, "skipped": result.skipped or None}
    if result.matched:
        said.update(writes=result.matched.n_writes, matched=result.matched.n_matched,
                    reasons=dict(result.matched.reasons), ledgers=result.n_ledgers,
                    calls=result.n_calls, missing=[str(change) for change in result.missing()])
    return said


def show(result):
    print(row(result), flush=True)
    by_name = collections.Counter(change.name for change in result.missing())
    if by_name:
        print(f"  {result.name}: missing: "
              f"{', '.join(f'{n} {name}' for name, n in by_name.most_common())}")
    for change in result.missing()[:SHOWN]:
        frames = f" ({' < '.join(change.frames[:8])})" if change.name not in by_name else ""
        print(f"  {result.name}: {change}{frames}", flush=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("mapledger")
    parser.add_argument("shim")
    parser.add_argument("--options", default="", help="more of MAPLEDGER_OPTIONS")
    parser.add_argument("--expect-missing", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--victim", action="append", default=[], help="a program, with arguments")
    parser.add_argument("names", nargs="*", metavar="NAME")
    told = parser.parse_intermixed_args()
    check_names(parser, told.names)
    return told


def absolute(word):
    return os.path.abspath(word) if os.path.exists(word) else word


def main():
    told = arguments()
    tools = Tools(told.mapledger, told.shim)
    reason = why_not()
    if reason:
        skip(reason)
    corpus = {Path(victim.split()[0]).name: Program([absolute(word) for word in victim.split()])
              for victim in told.victim}
    corpus.update({name: PROGRAMS[name] for name in told.names or
                   ([] if told.victim else PROGRAMS)})
    options = f":{told.options}" if told.options else ""
    results = []
    print(HEAD)
    for name, program in corpus.items():
        results.append(watch_or_skip(tools, name, program, options))
        show(results[-1])
    if told.json:
        write_json(told.json, map(as_json, results))
    n_missing = sum(len(result.missing()) for result in results)
    for result in results:
        if result.is_empty():
            print(f"{result.name}: nothing was recorded")
            return 1
    print(f"{len(results)} programs, {n_missing} changes missing")
    if told.expect_missing:
        return 0 if n_missing else 1
    return 1 if n_missing else 0


if __name__ == "__main__":
    sys.exit(main())
