# SPDX-License-Identifier: Apache-2.0
"""Running a program to its end, plain or recorded, with a look at it now and then."""

import ctypes
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from corpus import SEARCHED
from moments import FamilyMoments

SECONDS = 280  # for each run
GAP = 0.4      # between two moments, at most

NOBODY = 65534

PR_SET_CHILD_SUBREAPER = 36


@dataclass
class Run:
    """A program that runs, in a group of processes of its own."""
    process: subprocess.Popen
    outputs: tuple  # where stdout and stderr go
    until: float

    def is_over(self):
        if time.monotonic() > self.until:
            raise TimeoutError(f"still runs after {SECONDS} seconds")
        return self.process.poll() is not None

    def end(self):
        """Whatever is left of it, also in other groups: what loses its parent becomes ours."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        for _ in range(100):
            if not (orphans := children()):
                break
            for pid in orphans:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)


def children():
    with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
        return [int(pid) for pid in file.read().split()]


def adopt_orphans():
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def rights(program):
    if program.not_as_root and os.geteuid() == 0:
        return {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    return {}


def start(tools, program, folder, before=(), drop_later=False):
    """@before stands before its command; with @drop_later it is what gives up our rights."""
    here = folder / "here"
    here.mkdir()
    adopt_orphans()
    more = rights(program)
    for each in (folder, here) if more else ():
        os.chown(each, NOBODY, NOBODY)
    outputs = (folder / "stdout", folder / "stderr")
    environment = tools.environment(here, **program.environment)
    with open(outputs[0], "wb") as stdout, open(outputs[1], "wb") as stderr:
        process = subprocess.Popen([*before, *program.command], cwd=here, stdout=stdout,
                                   stderr=stderr, stdin=subprocess.DEVNULL,
                                   start_new_session=True,
                                   env={**environment, "PATH": SEARCHED},
                                   **({} if drop_later else more))
    return Run(process, outputs, time.monotonic() + SECONDS)


def finish(run, look=None):
    """(status, stdout, stderr); @look is called from time to time."""
    try:
        while not run.is_over():
            if look:
                look()
            else:
                time.sleep(0.01)
        return (run.process.returncode, *(path.read_bytes() for path in run.outputs))
    finally:
        run.end()


class Looker:
    """Looks at a family now and then, until it has looked often enough."""

    def __init__(self, moments, n, chance):
        self.moments, self.n, self.chance = moments, n, chance
        self.next = time.monotonic()

    def __call__(self):
        if self.moments.n_looked < self.n and time.monotonic() >= self.next:
            self.moments.look()
            self.next = time.monotonic() + self.chance.uniform(0, GAP)
        else:
            time.sleep(0.005)


def record(tools, program, ledger, n_moments, chance, options=()):
    """Run it under `mapledger run', beside its @ledger. (what finish() says, the moments)"""
    run = start(tools, program, ledger.parent,
                [tools.mapledger, "run", "-q", *options, "-o", ledger, "--"])
    if not n_moments:
        return finish(run), None
    moments = FamilyMoments(tools, ledger, chance)
    return finish(run, Looker(moments, n_moments, chance)), moments
