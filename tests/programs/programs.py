# SPDX-License-Identifier: Apache-2.0
"""Real programs under the shim: nothing they print changes, and no ledger drifts.

usage: programs.py MAPLEDGER SHIM [--verify=each] [--moments N] [--json FILE] [NAME...]

Each program of corpus.py (or those named) runs twice in an empty folder, plain and
recorded. Output and exit status must be the same to the byte. Then every ledger of
the family is folded and compared with the map the kernel had when the process ended.

With --moments, processes of the recorded family are stopped meanwhile, up to N times
at random moments, and compared with the kernel's map (see moments.py). ML_TEST_SEED
repeats the choice. --verify is handed on to `mapledger run'. --json writes the table
to a file, too.
"""

import argparse
import os
import random
import re
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from corpus import PROGRAMS, check_names
from recorded import Tools, family_of, seed, skip
from running import finish, record, start
from table import counts_text, show_row, write_json

TROUBLES_SHOWN = 8  # of each program

# ----------------------------------------------------------------------- comparing

def said(program, output):
    return re.sub(program.forget.encode(), b"", output) if program.forget else output


def compare(program, plain, recorded):
    breaches = []
    if plain[0] != recorded[0]:
        breaches.append(f"exit status {plain[0]} became {recorded[0]}")
    if said(program, plain[1]) != said(program, recorded[1]):
        breaches.append(f"output changed:\n{plain[1][-2000:]!r}\n{recorded[1][-2000:]!r}")
    if program.stderr and said(program, plain[2]) != said(program, recorded[2]):
        breaches.append(f"complaints changed:\n{plain[2][-2000:]!r}\n{recorded[2][-2000:]!r}")
    return breaches


@dataclass
class Result:
    """A row of the table."""
    name: str
    skipped: str = ""
    family: object = None
    moments: object = None
    breaches: list = field(default_factory=list)

    def troubles(self):
        return [*self.breaches, *(self.family.troubles if self.family else []),
                *(self.moments.troubles if self.moments else [])]


def check(tools, name, folder, told, chance):
    program = PROGRAMS[name]
    (folder / "plain").mkdir()
    (folder / "recorded").mkdir()
    ledger = folder / "recorded" / "program.mlg"
    result = Result(name)
    plain = finish(start(tools, program, folder / "plain"))
    recorded, result.moments = record(tools, program, ledger, told.moments, chance,
                                      ["--keep-all", f"--verify={told.verify}"])
    result.breaches = compare(program, plain, recorded)
    if not ledger.exists():
        result.breaches.append("there is no ledger")
        return result
    result.family = family_of(tools, ledger, program.audit_options())
    if result.family.n_compared == 0:
        result.breaches.append("no ledger could be compared with the kernel's map")
    if told.verify == "each" and result.family.n_checks == 0:
        result.breaches.append("no call was compared with the kernel's map")
    return result


def check_or_skip(tools, name, told, chance):
    lacks = PROGRAMS[name].lacks()
    if lacks:
        return Result(name, skipped=f"{lacks} is not installed")
    with tempfile.TemporaryDirectory(prefix="mapledger-") as folder:
        os.chmod(folder, 0o755)
        try:
            return check(tools, name, Path(folder), told, chance)
        except TimeoutError as error:
            return Result(name, breaches=[str(error)])


# ----------------------------------------------------------------------- the table

HEAD = (f"{'program':12} {'ledgers':>7} {'compared':>8} {'calls':>8} {'observed':>9} "
        f"{'resynced':>8} {'unobserved':>10} {'differ':>6} {'moments':>7} {'output':7} "
        "read back from the kernel")


def row(result):
    family, moments = result.family, result.moments
    if result.skipped:
        return f"{result.name:12} skipped: {result.skipped}"
    if family is None:
        return f"{result.name:12} no ledger"
    n_differ = family.n_differences + (len(moments.troubles) if moments else 0)
    tolerated = dict(family.tolerated)
    if moments:
        tolerated.update({f"{what} (moments)": n for what, n in moments.seen.items()})
    notes = [counts_text(family.resyncs) or "-"]
    if family.n_checks:
        notes.append(f"{family.n_checks} calls compared at once")
    if tolerated:
        notes.append(f"tolerated: {counts_text(tolerated)}")
    if family.n_unordered:
        notes.append(f"{family.n_unordered} out of order")
    return (f"{result.name:12} {family.n_ledgers:7} {family.n_compared:8} {family.n_calls:8} "
            f"{family.coverage():7.2f} % {family.n_resynced():8} {family.n_unobserved():10} "
            f"{n_differ:6} {moments.n_looked if moments else 0:7} "
            f"{'CHANGED' if result.breaches else 'same':7} {'; '.join(notes)}")


def as_json(result):
    family, moments = result.family, result.moments
    said_of = {"program": result.name, "skipped": result.skipped or None,
               "same_output_and_status": not result.breaches,
               "troubles": result.troubles()}
    if family:
        said_of.update(ledgers=family.n_ledgers, compared=family.n_compared, ends=family.ends,
                       calls=family.n_calls, changes_observed=family.n_changes,
                       changes_resynced=family.n_resynced(),
                       changes_unobserved=family.n_unobserved(), resyncs=family.resyncs,
                       read_back=family.read_back, unordered=family.n_unordered,
                       differences=family.n_differences,
                       calls_compared_at_once=family.n_checks, tolerated=family.tolerated)
    if moments:
        said_of.update(moments=moments.n_looked, moments_missed=moments.n_missed,
                       moments_seen=dict(moments.seen),
                       differences_at_moments=len(moments.troubles))
    return said_of


def show(result):
    show_row(row(result), result.name, result.troubles(), TROUBLES_SHOWN)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("mapledger")
    parser.add_argument("shim")
    parser.add_argument("--verify", default="exit")
    parser.add_argument("--moments", type=int, default=0)
    parser.add_argument("--json", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME")
    said_here = parser.parse_intermixed_args()
    check_names(parser, said_here.names)
    return said_here


def main():
    told = arguments()
    tools = Tools(told.mapledger, told.shim)
    chosen = seed()
    if told.moments:
        print(f"ML_TEST_SEED={chosen}")
    chance = random.Random(chosen)
    results = []
    print(HEAD)
    for name in told.names or PROGRAMS:
        results.append(check_or_skip(tools, name, told, chance))
        show(results[-1])
    if told.json:
        write_json(told.json, map(as_json, results))
    n_skipped = sum(bool(result.skipped) for result in results)
    n_failed = sum(bool(result.troubles()) for result in results)
    if n_skipped == len(results):
        skip("nothing to run")
    print(f"{len(results) - n_skipped} programs, {n_failed} failed, {n_skipped} skipped")
    return 1 if n_failed else 0


if __name__ == "__main__":
    sys.exit(main())
