#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Misuse: what is said about each case.

usage: misuse.py MAPLEDGER SHIM DEMO VICTIM PLUGIN [CASE...]

Each case is a real bug somebody had, made small. It is recorded, and what `explain'
says is compared with the first table: the kind of crash, the rule that explains it,
and words that must be in what is printed. What `audit' finds is compared with the
second: what must be there, and no error besides.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

# name: (program, argument, signal or exit status, kind, rule, words in sentence and hint)
CRASHES = {
    "S01": ("demo", "overhang", "SIGSEGV", "refused", "P01",
            r"^Write to 0x[0-9a-f]+000 refused: the page is mapped, but read-only\..*"
            r"4097 bytes were rounded up to 2 pages: the last 1 byte of the length changed the page"),
    "S02": ("victim", "S02", "SIGSEGV", "refused", "P02",
            r"refused: the page is mapped, but read-only\..*stopped 1 page short of this one"),
    "S04": ("demo", "double-munmap", "SIGSEGV", "unmapped", "U01",
            r"nothing is mapped there\..*second munmap of this range by thread \d+: the first was #\d+"),
    "S07": ("demo", "use-after-munmap", "SIGSEGV", "unmapped", "U06",
            r"^Read of 0x[0-9a-f]+ failed: nothing is mapped there\..*after it had been unmapped"),
    "S07b": ("victim", "S07b", "SIGSEGV", "refused", "U07",
             r"the page belongs to anonymous memory now \(r--p\); until #\d+ it was something else"),
    "S08": ("demo", "munmap-too-long", "SIGSEGV", "unmapped", "U03",
            r"8193 bytes were rounded up to 3 pages: the last 1 byte of the length unmapped this page"),
    "replaced": ("victim", "replaced", "SIGSEGV", "refused", "U04",
                 r"MAP_FIXED takes the place of what is there without asking"),
    "overhang_other": ("victim", "overhang_other", "SIGSEGV", "refused", "P01",
                       r"8193 bytes were rounded up to 3 pages: the last 1 byte of the length changed"),
    "protect_whole": ("victim", "protect_whole", "SIGSEGV", "refused", None, r"but read-only\.\s*$"),
    "unmap_whole": ("victim", "unmap_whole", "SIGSEGV", "unmapped", "U06",
                    r"^Write to 0x[0-9a-f]+ failed: nothing is mapped there\..*after it had been unmapped"),
    "S15": ("demo", "guard-region", "SIGSEGV", "guard-region", None,
            r"a guard region \(MADV_GUARD_INSTALL by #\d+\). /proc/PID/maps does not show it\."),
    "S17": ("victim", "S17", "SIGSEGV", "unmapped", "U10",
            r"^Jump to 0x[0-9a-f]+ failed: nothing is mapped there. It was libmisuse_plugin\.so until #\d+"),
    "S19": ("victim", "S19", "SIGSEGV", "protection-key", None, r"protection key \d+ denies it"),
    "S21": ("victim", "S21", "SIGBUS", "past-end-of-file", None,
            r"failed: past the end of /memfd:x\.db \(deleted\): offset 0x3000"),
    "S23": ("demo", "partial-protect", "SIGSEGV", "refused", "P03",
            r"The call failed with ENOMEM, and had changed the pages"),
    "wild": ("victim", "wild", "SIGSEGV", "never-mapped", None, r"and never was\. Nearest: .* above\."),
    "null": ("victim", "null", "SIGSEGV", "null", None, r"A null pointer, and an offset of 16\."),
    "overflow": ("victim", "overflow", "SIGSEGV", "stack-overflow", None,
                 r"below the stack of thread \d+: stack overflow \(.*M used\)"),
    "overflow_thread": ("victim", "overflow_thread", "SIGSEGV", "stack-overflow", None,
                        r"the guard of the stack of thread \d+: stack overflow \(.*M used\)"),
    "large_frame": ("victim", "large_frame", "SIGSEGV", "stack-overflow", None,
                    r"below the stack of thread \d+: stack overflow \(.*M used\)"),
    "large_frame_thread": ("victim", "large_frame_thread", "SIGSEGV", "stack-overflow", None,
                           r"below the stack of thread \d+: stack overflow \(.*M used\)"),
    "execute_data": ("victim", "execute_data", "SIGSEGV", "refused", None,
                     r"^Jump to 0x[0-9a-f]+ refused: the page is mapped, but not executable\."),
    "unseen": ("victim", "unseen", "SIGSEGV", "refused", None,
               r"The ledger has no call for this change"),
    "raised": ("victim", "raised", "SIGSEGV", "sent", None, r"was sent by the program itself"),
}


# name: (program, argument, findings that must be there)
FINDINGS = {
    "S01": ("demo", "overhang", {("P01", "error")}),
    "S02": ("victim", "S02", {("P02", "error")}),
    "S03": ("victim", "S03", {("G02", "error")}),
    "S04": ("demo", "double-munmap", {("U01", "error")}),
    "S05": ("victim", "S05", {("U04", "error"), ("U05", "error")}),
    "S06": ("demo", "fixed-clobber", {("U04", "error")}),
    "S07": ("demo", "use-after-munmap", {("U06", "error")}),
    "S07b": ("victim", "S07b", {("U07", "error")}),
    "S08": ("demo", "munmap-too-long", {("U03", "error")}),
    "overhang_other": ("victim", "overhang_other", {("P01", "error")}),
    "overhang_other_unused": ("victim", "overhang_other_unused", {("P01", "error")}),
    "overhang_own_unused": ("victim", "overhang_own_unused", set()),
    "protect_whole": ("victim", "protect_whole", set()),
    "unmap_whole": ("victim", "unmap_whole", {("U06", "error")}),
    "S09": ("victim", "S09", {("U03", "warning")}),
    "S10": ("victim", "S10", {("U08", "warning")}),
    "S11": ("demo", "map-limit", {("L01", "error"), ("L04", "warning")}),
    "S12": ("victim", "S12", {("L01", "error")}),
    "S13": ("victim", "S13", {("L02", "warning")}),
    "S14": ("victim", "S14", {("G02", "error")}),
    "S15": ("demo", "guard-region", {("G03", "note")}),
    "S16": ("demo", "execstack", {("W03", "error")}),
    "S17": ("victim", "S17", {("U10", "error")}),
    "S18": ("demo", "write-then-execute",
            {("W01", "warning"), ("W02", "note"), ("W05", "note")}),
    "S20": ("victim", "S20", set()),
    "S22": ("victim", "S22", {("U08", "warning")}),
    "S23": ("demo", "partial-protect", {("P03", "error")}),
    "probes": ("victim", "probes", {("U08", "warning")}),
    "names": ("victim", "names", {("U08", "note")}),
    "S25": ("victim", "S25", {("U09", "note")}),
    "S26": ("victim", "S26", {("W04", "warning")}),
    "S27": ("victim", "S27", {("G02", "error")}),
}


class Paths:
    def __init__(self, mapledger, shim, demo, victim, plugin):
        self.mapledger, self.plugin = mapledger, plugin
        self.programs = {"demo": [demo], "victim": [victim]}
        self.environment = dict(os.environ, MAPLEDGER_SHIM=shim)

    def command(self, program, argument):
        extra = [self.plugin] if argument == "S17" else []
        return [*self.programs[program], argument, *extra]


def explain(paths, ledger):
    done = subprocess.run([paths.mapledger, "explain", "--json", str(ledger)],
                          capture_output=True, text=True, env=paths.environment)
    return json.loads(done.stdout) if done.returncode == 0 else {"error": done.stderr}


# Rules that both may find in one call: the audit as it meets the call, explain for a fault.
SHARED = {"P01", "P03", "U01", "U03", "U04"}


def disagreement(paths, ledger):
    """What explain and audit say differently of the call that brought the fault, or None."""
    said = explain(paths, ledger)
    if "error" in said:
        return None  # it did not crash
    audit = subprocess.run([paths.mapledger, "audit", "--json", str(ledger)],
                           capture_output=True, text=True, env=paths.environment)
    if audit.returncode not in (0, 1):
        return audit.stderr.strip()
    errors = [each for each in json.loads(audit.stdout)["findings"]
              if each["severity"] == "error"]
    if said["rule"] and said["rule"] not in {each["rule"] for each in errors}:
        return f"explain says {said['rule']}, and audit does not find it"
    cause = said["made_so_by"] or {}
    page = int(said["fault"]["address"], 16) & ~0xfff
    for each in errors:
        about = int(each["start"], 16) <= page < int(each["end"], 16)
        if about and each["rule"] in SHARED and each["event"] == cause.get("event") \
                and each["rule"] != said["rule"]:
            return f"audit finds {each['rule']} in #{each['event']}, explain says {said['rule']}"
    return None


def try_crash(paths, case):
    program, argument, signal, kind, rule, words = case
    with tempfile.TemporaryDirectory() as folder:
        ledger = Path(folder) / "case.mlg"
        done = subprocess.run([paths.mapledger, "run", "-o", str(ledger), "--",
                               *paths.command(program, argument)],
                              capture_output=True, text=True, env=paths.environment)
        if done.returncode == 77:
            return "skipped: " + done.stderr.strip().splitlines()[0]
        said = explain(paths, ledger)
        if "error" in said:
            return f"ended with {done.returncode}, and explain says: {said['error']}"
        text = said["sentence"] + " " + (said["hint"] or "")
        differs = disagreement(paths, ledger)
        # What `run' prints at the end is what `explain' prints.
        if said["sentence"] not in " ".join(done.stderr.split()):
            return f"run did not print the sentence: {done.stderr}"
    if differs:
        return differs
    if said["fault"]["signal"] != signal or -done.returncode not in (7, 11):
        return f"died of {said['fault']['signal']}, status {done.returncode}"
    if (said["kind"], said["rule"]) != (kind, rule):
        return f"kind {said['kind']}, rule {said['rule']}: {text}"
    if not re.search(words, text):
        return f"it says: {text}"
    for step in (said["made_so_by"], said["mapped_by"]):
        if step and "call" in step and not step["stack"]:
            return f"a call without a stack: {step['call']}"
    return None


def try_findings(paths, case):
    """Those that are wanted are there, and no error that is not."""
    program, argument, wanted = case
    with tempfile.TemporaryDirectory() as folder:
        ledger = Path(folder) / "case.mlg"
        done = subprocess.run([paths.mapledger, "run", "-q", "--on-crash=quiet", "-o", str(ledger),
                               "--", *paths.command(program, argument)],
                              capture_output=True, text=True, env=paths.environment)
        if done.returncode == 77:
            return "skipped: " + done.stderr.strip().splitlines()[0]
        audit = subprocess.run([paths.mapledger, "audit", "--json", str(ledger)],
                               capture_output=True, text=True, env=paths.environment)
        differs = disagreement(paths, ledger)
    if differs:
        return differs
    if audit.returncode not in (0, 1):
        return audit.stderr.strip()
    report = json.loads(audit.stdout)
    found = {(each["rule"], each["severity"]) for each in report["findings"]}
    errors = {each for each in found if each[1] == "error"}
    if not wanted <= found:
        return f"wanted {sorted(wanted)}, found {sorted(found)}"
    if not errors <= wanted:
        return f"errors that are none: {sorted(errors - wanted)}"
    milder = {rule for rule, _ in found - wanted} & {rule for rule, _ in wanted}
    if milder:
        return f"also found, but not as severe: {sorted(milder)}"
    silent = [each["rule"] for each in report["findings"] if not each["message"]]
    if silent:
        return f"findings without a word: {silent}"
    loud = any(severity != "note" for _, severity in found)
    if audit.returncode != (1 if loud else 0):
        return f"exit status {audit.returncode}"
    return None


def main():
    paths = Paths(*sys.argv[1:6])
    only = sys.argv[6:]
    failed = 0
    for what, cases, attempt in (("crash", CRASHES, try_crash),
                                 ("findings", FINDINGS, try_findings)):
        for name, case in cases.items():
            if only and name not in only:
                continue
            wrong = attempt(paths, case)
            print(f"{what} {name}: {wrong or 'ok'}", flush=True)
            failed += wrong is not None and not wrong.startswith("skipped")
    print(f"{failed} failed")
    return 1 if failed else 0


sys.exit(main())
