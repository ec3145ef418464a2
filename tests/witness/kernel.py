# SPDX-License-Identifier: Apache-2.0
"""What the kernel itself says about changes to address spaces, by perf's tracepoints.

`maple_tree:ma_write` is each write to a tree of VMAs; the kernel stack behind it tells
what for. A change of attributes of exactly one whole VMA writes no tree, so the system
calls that can do that are recorded as well, with arguments and results.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field

PAGE = 4096
CLONE_VM, CLONE_THREAD = 0x100, 0x10000

# Calls that may change the map, and those that begin or end one. x86-64.
SYSCALLS = {
    9: "mmap", 10: "mprotect", 11: "munmap", 12: "brk", 25: "mremap", 28: "madvise",
    30: "shmat", 67: "shmdt", 135: "personality", 149: "mlock", 150: "munlock",
    151: "mlockall", 152: "munlockall", 157: "prctl", 158: "arch_prctl", 206: "io_setup",
    207: "io_destroy", 216: "remap_file_pages", 325: "mlock2", 329: "pkey_mprotect",
    440: "process_madvise", 453: "map_shadow_stack", 462: "mseal",
    56: "clone", 57: "fork", 58: "vfork", 435: "clone3", 59: "execve", 322: "execveat",
}

# That succeed only by changing the map, or by finding it as wished. (A brk that changes
# anything writes a tree.)
ALWAYS = {"mmap", "mprotect", "munmap", "mremap", "shmat", "shmdt", "remap_file_pages",
          "pkey_mprotect"}

EXECS = {"execve", "execveat"}

EVENT = re.compile(r"\s*(\d+)/(\d+)\s+(\d+)\.(\d{9}):\s+(\S+): (.*)")
FRAME = re.compile(r"\s+([0-9a-f]+) (\S+)")
RANGE = re.compile(r" range:(\d+)-(\d+) ")
ENTER = re.compile(r"NR (-?\d+) \(([^)]*)\)")
EXIT = re.compile(r"NR (-?\d+) = (-?\d+)")
ENTRY = re.compile(r"__(?:x64|ia32|x32|do_compat)_sys_(\w+)")


@dataclass
class Change:
    """One system call, or something else that wrote a tree of VMAs."""
    pid: int
    tid: int
    time_ns: int      # CLOCK_MONOTONIC, as it began
    name: str         # of the system call; or of the kernel function that was entered
    args: tuple = ()
    result: int = None
    writes: list = field(default_factory=list)  # [start, end) of each
    frames: tuple = ()                          # the kernel's, of the first write
    caller: str = ""                            # the function that has the instruction

    def is_success(self):
        return self.result is None or not -4096 < self.result < 0

    def changed(self):
        return bool(self.writes) or (self.name in ALWAYS and self.is_success())

    def makes_sharer(self):
        """A process of its own in the same memory, as vfork and posix_spawn make them."""
        return self.result is not None and self.result > 0 and \
            (self.name in ("vfork", "clone3") or
             self.name == "clone" and self.args[0] & (CLONE_VM | CLONE_THREAD) == CLONE_VM)

    def range(self):
        """[start, end) of what was asked for, in pages; None when it does not say."""
        if self.name == "mmap":
            start, size = self.result, self.args[1]
        elif len(self.args) > 1 and self.name not in ("prctl", "arch_prctl", "shmat", "shmdt"):
            start, size = self.args[:2]
        else:
            return None
        return start, start + (size + PAGE - 1) // PAGE * PAGE

    def __str__(self):
        what = f"{self.name}({', '.join(f'{arg:#x}' for arg in self.args)})"
        result = "" if self.result is None else f" = {self.result & (1 << 64) - 1:#x}"
        where = "" if not self.writes else ", wrote " + ", ".join(
            f"{start:x}-{end:x}" for start, end in self.writes[:3])
        return f"pid {self.pid} tid {self.tid} at {self.time_ns} ns, in {self.caller or '?'}: " + \
            f"{what}{result}{where}"


# -------------------------------------------------------------------------- perf

def why_not():
    """Why the tracepoints can't be had, or None."""
    if not shutil.which("perf"):
        return "perf is not installed"
    if os.geteuid() != 0:
        return "tracepoints need root"
    if os.uname().machine != "x86_64":
        return "the numbers of system calls are those of x86-64"
    done = subprocess.run(["perf", *record("/dev/null"), "--", "true"], capture_output=True,
                          text=True, check=False, timeout=60)
    if done.returncode != 0:
        return f"perf can't record: {done.stderr.strip().splitlines()[-1:] or done.returncode}"
    return None


def record(data):
    """Arguments of perf to record what follows them."""
    numbers = "||".join(f"id=={number}" for number in SYSCALLS)
    return ["record", "-q", "-k", "CLOCK_MONOTONIC", "-m", "32M", "-o", str(data),
            "-e", "maple_tree:ma_write/call-graph=fp/",
            "-e", "raw_syscalls:sys_enter/call-graph=fp,max-stack=8/", "--filter", numbers,
            "-e", "raw_syscalls:sys_exit", "--filter", numbers]


def script(data):
    """Lines of text of what was recorded."""
    command = ["perf", "script", "-i", str(data), "--ns", "--show-lost-events",
               "-F", "pid,tid,time,event,trace,ip,sym"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True, errors="replace") as process:
        yield from process.stdout


# ----------------------------------------------------------------------- reading

class Lost(Exception):
    """The buffer was too small: this run proves nothing."""


class Reader:
    """Events into changes."""

    def __init__(self):
        self.changes = []
        self.inside = {}   # tid -> the system call that it is in
        self.write = None    # a write whose stack is being read
        self.entered = None  # a call whose stack is

    def read(self, lines):
        for line in lines:
            if "PERF_RECORD_LOST" in line:
                raise Lost(line.strip())
            event = EVENT.match(line)
            if event:
                self.end_write()
                self.entered = None
                self.take_event(event)
            elif frame := FRAME.match(line):
                self.take_frame(*frame.groups())
        self.end_write()
        self.changes.sort(key=lambda change: change.time_ns)
        return self.changes

    def take_event(self, event):
        pid, tid, seconds, nanoseconds = (int(event.group(i)) for i in range(1, 5))
        time_ns = seconds * 10**9 + nanoseconds
        kind, text = event.group(5), event.group(6)
        if kind == "raw_syscalls:sys_enter":
            self.enter(pid, tid, time_ns, text)
        elif kind == "raw_syscalls:sys_exit":
            self.leave(pid, tid, time_ns, text)
        elif kind == "maple_tree:ma_write":
            start, last = (int(number) for number in RANGE.search(text).groups())
            # Other trees of the kernel's hold other things than pages.
            if start % PAGE == 0 and (last + 1) % PAGE == 0:
                self.write = (pid, tid, time_ns, [], (start, last + 1))

    def take_frame(self, address, symbol):
        in_kernel = len(address) == 16 and address.startswith("ffff")
        if self.write and in_kernel:
            self.write[3].append(symbol)
        elif self.entered and not in_kernel:
            self.entered.caller = symbol
            self.entered = None

    def enter(self, pid, tid, time_ns, text):
        number, args = ENTER.match(text).groups()
        name = SYSCALLS.get(int(number))
        if name:
            change = Change(pid, tid, time_ns, name,
                            tuple(int(arg, 16) for arg in args.split(", ")))
            self.changes.append(change)
            self.inside[tid] = self.entered = change

    def leave(self, pid, tid, time_ns, text):
        number, result = EXIT.match(text).groups()
        name = SYSCALLS.get(int(number))
        change = self.inside.pop(tid, None)
        if change and name == change.name:
            change.result = int(result)
        elif name in EXECS and result == "0":  # perf begins in the middle of one
            self.changes.append(Change(pid, tid, time_ns, name, result=0))

    def end_write(self):
        """The stack is complete: it belongs to a system call that is known, or to none."""
        if not self.write:
            return
        pid, tid, time_ns, frames, where = self.write
        self.write = None
        if any(frame.startswith("simple_offset") for frame in frames):
            return  # the tree of a folder of tmpfs
        change = self.inside.get(tid)
        if change is None or is_fault(frames):
            change = Change(pid, tid, time_ns, entered_by(frames))
            self.changes.append(change)
        change.writes.append(where)
        change.frames = change.frames or tuple(frames)


def is_fault(frames):
    """A page fault, perhaps in the middle of a system call."""
    return any("exc_page_fault" in frame for frame in frames)


def entered_by(frames):
    """The system call, if its function is in the stack, or whatever else was entered."""
    if is_fault(frames):
        return "page fault"
    called = next((match.group(1) for frame in frames if (match := ENTRY.match(frame))), None)
    named = [frame for frame in frames if "entry" not in frame and
             not frame.startswith(("asm_", "do_syscall", "ret_from"))]
    return called or (named[-1] if named else "unknown")
