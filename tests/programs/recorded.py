# SPDX-License-Identifier: Apache-2.0
"""What the program tests share: recorded runs, ledgers, and maps in canonical form."""

import json
import os
import random
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

SKIP = 77  # meson's exit status for "skipped"

PASSED_ON = ("PATH", "LANG", "LC_ALL", "TERM", "ASAN_OPTIONS", "UBSAN_OPTIONS")


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIP)


def seed():
    """ML_TEST_SEED, or a random one."""
    return int(os.environ.get("ML_TEST_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)


@dataclass
class Tools:
    """The command and the shim, as the build made them."""
    mapledger: str
    shim: str

    def __post_init__(self):
        self.mapledger, self.shim = map(os.path.abspath, (self.mapledger, self.shim))

    def environment(self, home, **more):
        """Little of ours reaches a program: its output must not depend on it."""
        kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        return {**kept, "HOME": str(home), "MAPLEDGER_SHIM": self.shim, **more}

    def ask(self, *arguments, home="/"):
        return subprocess.run([self.mapledger, *map(str, arguments)], text=True, timeout=300,
                              capture_output=True, env=self.environment(home), check=False)


# ---------------------------------------------------------------------- ledgers

# Groups of areas that are written for another reason than not knowing the map.
NO_DOUBT = ("baseline", "checkpoint", "own")

# These complete what a call said, or begin: that they differ says nothing.
EXPECTED = ("identity", *NO_DOUBT)

UNOBSERVED = "unobserved"  # the reason for a difference nobody saw being made


@dataclass
class Family:
    """What the ledgers of one run say, added up."""
    n_ledgers: int = 0
    n_compared: int = 0    # that end with the kernel's map
    n_differences: int = 0
    n_calls: int = 0
    n_unordered: int = 0
    n_changes: int = 0     # calls that changed the map
    n_checks: int = 0      # calls that were compared at once (verify=each)
    read_back: dict = field(default_factory=dict)  # reason -> readings that changed it, too
    ends: dict = field(default_factory=dict)       # how a process ended -> how many
    tolerated: dict = field(default_factory=dict)  # cause -> how often
    resyncs: dict = field(default_factory=dict)    # reason -> how often
    audit_options: tuple = ()                      # of `mapledger audit'
    troubles: list = field(default_factory=list)

    def n_unobserved(self):
        """Changes that nobody saw being made: found, not explained."""
        return self.read_back.get(UNOBSERVED, 0)

    def n_resynced(self):
        """Changes that no call told, but for which there was a reason to ask the kernel."""
        return sum(n for reason, n in self.read_back.items()
                   if reason not in EXPECTED and reason != UNOBSERVED)

    def coverage(self):
        """Of the changes to the map, the share that was seen as a call."""
        total = self.n_changes + self.n_resynced() + self.n_unobserved()
        return 100.0 * self.n_changes / total if total else 100.0

    def add(self, tools, ledger):
        self.n_ledgers += 1
        with open(ledger, "rb") as file:
            magic = file.read(8)
        if not any(magic):  # killed before anything was in it
            return
        self.add_verdict(tools, ledger)
        self.add_info(tools, ledger)
        self.add_findings(tools, ledger)

    def add_verdict(self, tools, ledger):
        verdict = tools.ask("verify", "--json", ledger)
        if verdict.returncode in (0, 1):
            said = json.loads(verdict.stdout)
            self.n_compared += 1
            self.n_differences += said["n_differences"] + said["checks"]["n_different"]
            self.n_checks += said["checks"]["n"]
            add_up(self.tolerated, said["tolerated"])
        if verdict.returncode == 1:
            self.troubles.append(f"{ledger.name}: {tools.ask('verify', ledger).stdout}")
        elif verdict.returncode not in (0, 3):  # 3: killed, or executed another program
            self.troubles.append(f"{ledger.name}: verify exits {verdict.returncode}: "
                                 f"{verdict.stdout}{verdict.stderr}")

    def add_info(self, tools, ledger):
        said = tools.ask("info", "--json", ledger)
        try:
            info = json.loads(said.stdout)
        except ValueError:
            self.troubles.append(f"{ledger.name}: info --json is not JSON: "
                                 f"{said.stdout[:200]}{said.stderr[:200]}")
            return
        self.n_calls += info["n_calls"]
        self.n_changes += info["n_changes"]
        self.n_unordered += info["n_unordered"]
        add_up(self.ends, {info["state"]: 1})
        add_up(self.read_back, info["resyncs_that_changed"])
        add_up(self.resyncs, {reason: n for reason, n in info["resyncs"].items()
                              if reason not in NO_DOUBT})
        if info["damage"]:
            self.troubles.append(f"{ledger.name}: {info['damage']}")
        if info["n_unrecorded"]:
            self.troubles.append(f"{ledger.name}: {info['n_unrecorded']} calls were not recorded")


    def add_findings(self, tools, ledger):
        """Ordinary work is no misuse: an error that the audit finds is one of the audit's."""
        audit = tools.ask("audit", "--fail-on", "error", *self.audit_options, ledger)
        if audit.returncode != 0:
            self.troubles.append(f"{ledger.name}: audit exits {audit.returncode}:\n"
                                 f"{audit.stdout[:1500]}{audit.stderr[:300]}")


def add_up(total, more):
    for name, n in more.items():
        total[name] = total.get(name, 0) + n


def members(ledger):
    """The ledger of a program, and those of its children."""
    return [ledger, *sorted(Path(f"{ledger}.d").glob("*.mlg"))]


def family_of(tools, ledger, audit_options=()):
    family = Family(audit_options=audit_options)
    for each in members(ledger):
        family.add(tools, each)
    return family


# ------------------------------------------------------------------------- maps

@dataclass
class Run:
    """Neighbouring lines of a map that say the same."""
    start: int
    end: int
    perms: str
    dev: str
    inode: int
    offset: int
    name: str  # of the first line; never compared

    def is_file(self):
        return self.inode != 0 or self.dev != "00:00"

    def continues(self, other):
        return (self.start == other.end and self.perms == other.perms and
                (self.dev, self.inode) == (other.dev, other.inode) and
                (not self.is_file() or self.offset == other.offset + other.end - other.start))

    def key(self):
        return (self.start, self.end, self.perms, self.dev, self.inode,
                self.offset if self.is_file() else 0)

    def __str__(self):
        return (f"{self.start:012x}-{self.end:012x} {self.perms} {self.offset:08x} {self.dev} "
                f"{self.inode} {self.name}")


def canonical(text):
    """The runs of a text in the format of /proc/PID/maps."""
    runs = []
    for line in text.splitlines():
        fields = line.split(None, 5)
        start, end = (int(address, 16) for address in fields[0].split("-"))
        major, minor = (int(part, 16) for part in fields[3].split(":"))
        run = Run(start, end, fields[1], f"{major:02x}:{minor:02x}", int(fields[4]),
                  int(fields[2], 16), fields[5] if len(fields) > 5 else "")
        if runs and run.continues(runs[-1]):
            runs[-1].end = run.end
        else:
            runs.append(run)
    return runs


def tolerate(kernel, ledger):
    """The kernel's runs, less what has a known cause that is no call, and these causes.

    The kernel moves the lower edge of [stack] on a page fault. [vsyscall] is a line
    that it adds to its text and to no other answer.
    """
    ends = {run.end: run for run in ledger}
    result = []
    causes = []
    for run in kernel:
        ours = ends.get(run.end)
        if run.name == "[vsyscall]" and ours is None:
            causes.append("without [vsyscall]")
            continue
        if run.name == "[stack]" and ours and run.start < ours.start and \
                run.perms == ours.perms and not ours.is_file():
            run = replace(run, start=ours.start)
            causes.append("stack growth")
        result.append(run)
    return result, causes


def difference(kernel, ledger):
    """Lines of what only one side has; empty when the maps are the same."""
    left = {run.key() for run in kernel}
    right = {run.key() for run in ledger}
    return [f"kernel only  {run}" for run in kernel if run.key() not in right] + \
           [f"ledger only  {run}" for run in ledger if run.key() not in left]
