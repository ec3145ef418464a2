#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Faults: a process dies as it would have, and its ledger says of what.

usage: faults.py MAPLEDGER SHIM VICTIM

Each mode of the victim is run alone and recorded. Output and end must be the
same, core or not; then the ledger's word on the fault is compared with what the
mode is known to do.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

# mode: (signal, code, access) in the ledger, or None: no fault is to be there
EXPECTED = {
    "null": ("SIGSEGV", "SEGV_MAPERR", "write"),
    "readonly": ("SIGSEGV", "SEGV_ACCERR", "write"),
    "read_none": ("SIGSEGV", "SEGV_ACCERR", "read"),
    "unmapped": ("SIGSEGV", "SEGV_MAPERR", "write"),
    "execute_data": ("SIGSEGV", "SEGV_ACCERR", "execute"),
    "bus": ("SIGBUS", "BUS_ADRERR", "write"),
    "noncanonical": ("SIGSEGV", "SI_KERNEL", None),
    "overflow": ("SIGSEGV", "SEGV_MAPERR", "write"),
    "overflow_thread": ("SIGSEGV", "SEGV_ACCERR", "write"),
    "overflow_new_thread": ("SIGSEGV", "SEGV_ACCERR", "write"),
    "thread": ("SIGSEGV", "SEGV_MAPERR", "write"),
    "raise": ("SIGSEGV", "SI_TKILL", None),
    "kill": ("SIGBUS", "SI_USER", None),
    "kill_thread": ("SIGSEGV", "SI_USER", None),
    "blocked": None,
    "ignored": None,
    "small_stack": ("SIGSEGV", "SEGV_ACCERR", "write"),
    "handler": None,
    "mend": None,
    "jump": None,
    "put_back": ("SIGSEGV", "SEGV_ACCERR", "write"),
    "reset": ("SIGSEGV", "SEGV_ACCERR", "write"),
    "reset_by_flag": None,
    "ask": None,
    "ask_stack": None,
    "other_stack": None,
    "child": None,
    "silent_child": None,
    "vfork_child": None,
    "spawn": None,
    "confined": None,
}

# What is known of these besides: they fault in a child, with a ledger of its own.
CHILD_FAULTS = {
    "child": ("SIGSEGV", "SEGV_ACCERR", "write"),
    "silent_child": ("SIGSEGV", "SEGV_ACCERR", "write"),
    "spawn": ("SIGSEGV", "SI_USER", None),
}


def end_of(status):
    if os.WIFSIGNALED(status):
        return "signal %d, core %d" % (os.WTERMSIG(status), os.WCOREDUMP(status))
    return "status %d" % os.waitstatus_to_exitcode(status)


def run(command, folder, environment, core):
    """Output, and the end with its core flag, which subprocess does not tell."""
    output = Path(folder) / "output"
    child = os.fork()
    if child == 0:
        os.chdir(folder)
        limit = resource.getrlimit(resource.RLIMIT_CORE)[1] if core else 0
        resource.setrlimit(resource.RLIMIT_CORE, (limit, resource.getrlimit(resource.RLIMIT_CORE)[1]))
        fd = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(fd, 1)
        os.execvpe(command[0], command, environment)
    status = os.waitpid(child, 0)[1]
    for left in Path(folder).glob("core*"):
        left.unlink()
    return output.read_text(), end_of(status)


def fault_of(mapledger, ledger):
    done = subprocess.run([mapledger, "info", "--json", str(ledger)], capture_output=True, text=True)
    fault = json.loads(done.stdout)["fault"]
    return fault and (fault["signal"], fault["code"], fault["access"])


def try_mode(mode, mapledger, shim, victim):
    recording = dict(os.environ, LD_PRELOAD=shim)
    with tempfile.TemporaryDirectory() as folder:
        ledger = Path(folder) / "victim.mlg"
        plain = run([victim, mode], folder, dict(os.environ), core=True)
        if plain[1] == "status 77":
            return "skipped"
        recording["MAPLEDGER_OPTIONS"] = f"output={ledger}:verify=off"
        recorded = run([victim, mode], folder, recording, core=True)
        if plain != recorded:
            return f"plain: {plain}, recorded: {recorded}"
        found = fault_of(mapledger, ledger)
        if found != EXPECTED[mode]:
            return f"the ledger says {found}"
        others = [fault_of(mapledger, each) for each in sorted(Path(folder).glob("victim.mlg.*"))]
        wanted = [CHILD_FAULTS[mode]] if mode in CHILD_FAULTS else []
        if [fault for fault in others if fault] != wanted:
            return f"the children's ledgers say {others}"
    return None


def main():
    mapledger, shim, victim = map(os.path.abspath, sys.argv[1:])
    failed = skipped = 0
    for mode in EXPECTED:
        wrong = try_mode(mode, mapledger, shim, victim)
        print(f"{mode}: {wrong or 'ok'}", flush=True)
        skipped += wrong == "skipped"
        failed += wrong not in (None, "skipped")
    print(f"{len(EXPECTED)} modes, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


sys.exit(main())
