# SPDX-License-Identifier: Apache-2.0
"""stress-ng under the shim: each stressor ends as it does without, and no ledger drifts.

usage: soak.py MAPLEDGER SHIM [--seconds S] [--moments N] [--json FILE] [--short] [NAME...]

Each stressor runs for a few seconds, plain and recorded. Its verdict must be the same:
passed, failed, skipped. Meanwhile processes of the recorded family are stopped at random
moments and compared with the kernel's map, and at the end every ledger is.
"""

import argparse
import os
import random
import re
import resource
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from stressors import NOT_AS_ROOT, SHORT, STRESSORS

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "programs"))

from corpus import Program  # noqa: E402
from recorded import Tools, family_of, seed, skip  # noqa: E402
from running import finish, record, start  # noqa: E402
from table import counts_text, show_row, write_json  # noqa: E402

TROUBLES_SHOWN = 6
ADDRESS_SPACE = 4 << 30  # a stressor that leaks must not take the machine along
LOCKED_MEMORY = 64 << 20

VERDICTS = {0: "passed", 1: "usage", 2: "failed", 3: "no resource", 4: "not implemented",
            5: "signal", 6: "exit_group", 7: "metrics"}


def limited(*command):
    """The same limits for both runs; the shell is gone once they are set."""
    limits = f"ulimit -v {ADDRESS_SPACE >> 10}; ulimit -l {LOCKED_MEMORY >> 10}"
    return ["sh", "-c", limits + "; exec \"$@\"", "sh", *command]


def stressor(name, seconds):
    return Program(limited("stress-ng", f"--{name}", "1", *STRESSORS[name], "--timeout",
                           f"{seconds}s", "--seed", "42", "--verify", "--metrics-brief",
                           "--stdout", "--oomable"),
                   not_as_root=name in NOT_AS_ROOT)


def verdict(said):
    """How it says that it ended."""
    if said[0] != 0:
        return VERDICTS.get(said[0], f"status {said[0]}")
    return "skipped" if b"skipped" in said[1] else "passed"


def operations(said):
    """How much it did."""
    found = re.search(rb"metrc: \[\d+\] [a-z0-9-]+ +(\d+) ", said[1])
    return int(found.group(1)) if found else 0


@dataclass
class Result:
    name: str
    skipped: str = ""
    plain: tuple = ()
    recorded: tuple = ()
    family: object = None
    moments: object = None
    troubles: list = field(default_factory=list)


def check(tools, name, folder, told, chance):
    program = stressor(name, told.seconds)
    (folder / "plain").mkdir()
    (folder / "recorded").mkdir()
    ledger = folder / "recorded" / "stress.mlg"
    result = Result(name)
    result.plain = finish(start(tools, program, folder / "plain"))
    result.recorded, result.moments = record(tools, program, ledger, told.moments, chance)
    if verdict(result.plain) == "usage":
        result.troubles.append(f"does not run: {result.plain[1] + result.plain[2]!r}")
    if verdict(result.plain) != verdict(result.recorded):
        result.troubles.append(f"{verdict(result.plain)} became {verdict(result.recorded)}:\n" +
                               (result.recorded[1] + result.recorded[2])[-3000:].decode())
    if not ledger.exists():
        result.troubles.append("there is no ledger")
        return result
    result.family = family_of(tools, ledger, ("--supp", Path(__file__).with_name("audit.supp")))
    result.troubles += result.family.troubles
    if result.moments:
        result.troubles += result.moments.troubles
    return result


def check_safely(tools, name, told, chance):
    with tempfile.TemporaryDirectory(prefix="mapledger-", ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o755)
        try:
            return check(tools, name, Path(folder), told, chance)
        except TimeoutError as error:
            return Result(name, troubles=[str(error)])


# ----------------------------------------------------------------------- the table

HEAD = (f"{'stressor':13} {'plain':11} {'recorded':11} {'ops':>9} {'ops rec.':>9} "
        f"{'ledgers':>7} {'compared':>8} {'calls':>9} {'observed':>9} {'moments':>7} "
        f"{'differ':>6}  read back from the kernel")


def row(result):
    family, moments = result.family, result.moments
    if result.skipped:
        return f"{result.name:13} skipped: {result.skipped}"
    if family is None:
        return f"{result.name:13} {result.troubles[0]}"
    n_differ = family.n_differences + (len(moments.troubles) if moments else 0)
    notes = [counts_text(family.resyncs) or "-"]
    if family.tolerated:
        notes.append(f"tolerated: {counts_text(family.tolerated)}")
    if family.n_unordered:
        notes.append(f"{family.n_unordered} out of order")
    return (f"{result.name:13} {verdict(result.plain):11} {verdict(result.recorded):11} "
            f"{operations(result.plain):9} {operations(result.recorded):9} "
            f"{family.n_ledgers:7} {family.n_compared:8} {family.n_calls:9} "
            f"{family.coverage():7.2f} % {moments.n_looked if moments else 0:7} {n_differ:6}  "
            f"{'; '.join(notes)}")


def as_json(result):
    family, moments = result.family, result.moments
    said = {"stressor": result.name, "skipped": result.skipped or None,
            "troubles": result.troubles}
    if result.plain and result.recorded:
        said.update(plain=verdict(result.plain), recorded=verdict(result.recorded),
                    operations=[operations(result.plain), operations(result.recorded)])
    if family:
        said.update(ledgers=family.n_ledgers, compared=family.n_compared, calls=family.n_calls,
                    changes_observed=family.n_changes, changes_resynced=family.n_resynced(),
                    changes_unobserved=family.n_unobserved(), resyncs=family.resyncs,
                    unordered=family.n_unordered, differences=family.n_differences,
                    tolerated=family.tolerated)
    if moments:
        said.update(moments=moments.n_looked, moments_missed=moments.n_missed,
                    differences_at_moments=len(moments.troubles))
    return said


def show(result):
    show_row(row(result), result.name, result.troubles, TROUBLES_SHOWN)


# ----------------------------------------------------------------------------- main

def installed(tools):
    """The names this stress-ng knows."""
    probe = Program(["stress-ng", "--stressors"])
    if probe.lacks():
        skip("stress-ng is not installed")
    with tempfile.TemporaryDirectory(prefix="mapledger-") as folder:
        return finish(start(tools, probe, Path(folder)))[1].decode().split()


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("mapledger")
    parser.add_argument("shim")
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--moments", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("names", nargs="*", metavar="NAME")
    told = parser.parse_intermixed_args()
    for name in told.names:
        if name not in STRESSORS:
            parser.error(f"there is no stressor '{name}' in stressors.py")
    told.names = told.names or (SHORT if told.short else list(STRESSORS))
    return told


def main():
    told = arguments()
    tools = Tools(told.mapledger, told.shim)
    known = installed(tools)
    chosen = seed()
    chance = random.Random(chosen)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    begun = time.monotonic()
    results = []
    print(f"ML_TEST_SEED={chosen}\n{HEAD}")
    for name in told.names:
        if name in known:
            results.append(check_safely(tools, name, told, chance))
        else:
            results.append(Result(name, skipped="this stress-ng does not have it"))
        show(results[-1])
    if told.json:
        write_json(told.json, map(as_json, results))
    failed = sum(bool(result.troubles) for result in results)
    print(f"{len(results)} stressors, {failed} failed, "
          f"{sum(bool(result.skipped) for result in results)} skipped, "
          f"{time.monotonic() - begun:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
