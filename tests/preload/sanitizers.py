#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Programs with a sanitizer in them: recorded, they report what they report, and no more.

usage: sanitizers.py MAPLEDGER SHIM SOURCE INCLUDE [NAME...]

The runtimes map terabytes before the program begins, have mmap and its kin themselves, and
make system calls of their own. Each map must equal the kernel's after every call, and no
change may be one that nobody saw.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SKIP = 77

# The bug each is for.
BUG = {"thread": "race", "address": "overflow", "memory": "uninitialized", "leak": "leak",
       "undefined": "undefined"}

# Compiler, sanitizer, flags: the runtime as a library of its own, and as a part of the program.
BUILDS = [
    ("gcc", "thread", []), ("gcc", "thread", ["-static-libtsan"]),
    ("gcc", "address", []), ("gcc", "address", ["-static-libasan"]),
    ("gcc", "leak", []), ("gcc", "undefined", []),
    ("clang", "thread", []), ("clang", "address", []), ("clang", "address", ["-shared-libasan"]),
    ("clang", "memory", []), ("clang", "leak", []), ("clang", "undefined", []),
]


def run(command, **more):
    environment = dict(os.environ, TSAN_OPTIONS="atexit_sleep_ms=0", **more)
    return subprocess.run(command, env=environment, text=True, timeout=100, capture_output=True,
                          check=False)


def runtime_folder(compiler):
    """Where a runtime is that is a library: clang's is not where the loader looks."""
    if compiler != "clang":
        return []
    name = f"libclang_rt.asan-{os.uname().machine}.so"
    said = run([compiler, f"-print-file-name={name}"]).stdout.strip()
    return [f"-Wl,-rpath,{os.path.dirname(said)}"] if "/" in said else []


def build(compiler, sanitizer, flags, source, include, program):
    """Return: why it can't be had, or None."""
    if shutil.which(compiler) is None:
        return "not installed"
    done = run([compiler, "-g", "-O1", "-D_GNU_SOURCE", f"-I{include}", f"-fsanitize={sanitizer}",
                *flags, *runtime_folder(compiler), source, "-o", program, "-lpthread"])
    if done.returncode != 0:
        return "its runtime is not installed"
    done = run([program])
    if done.returncode != 0 or done.stdout != "done\n":
        return f"does not run here, not recorded either: {(done.stderr or done.stdout)[:200]!r}"
    return None


def report(done):
    """What was found, and how the program ended; not where."""
    found = {" ".join(line.split()[1:4]) for line in done.stderr.splitlines()
             if line.startswith("SUMMARY: ")}
    return done.stdout, done.returncode, found, "runtime error" in done.stderr


def who_troubles(mapledger, ledger):
    """What the program maps, it has mapped itself, whoever stands between it and libc."""
    lines = run([mapledger, "log", ledger]).stdout.splitlines()
    ours = [line for line in lines
            if "map_and_unmap victim_sanitized.c" in line or "map_pages victim.h" in line]
    for call in " mmap(", " mprotect(", " munmap(":
        if not any(call in line for line in ours):
            yield f"nobody of the program is said to have called{call}"


def troubles_of(mapledger, ledger, is_child):
    done = run([mapledger, "verify", "--json", ledger])
    counts = json.loads(run([mapledger, "info", "--json", ledger]).stdout)
    # 3: it was killed, or executed another program, so there is no kernel map to compare with
    if done.returncode != 0 and not (is_child and done.returncode == 3):
        yield f"verify says {done.returncode}: {done.stdout.strip() or done.stderr.strip()}"
    if "unobserved" in counts["resyncs_that_changed"]:
        yield f"changes that nobody saw: {counts['resyncs_that_changed']}"


def compare(mapledger, shim, program, arguments, when):
    """What is not as it should be."""
    plain = run([program, *arguments])
    with tempfile.TemporaryDirectory() as folder:
        ledger = f"{folder}/x.mlg"
        done = run([mapledger, "run", "-q", "--keep-all", f"--verify={when}", "-o", ledger, "--",
                    program, *arguments], MAPLEDGER_SHIM=shim)
        if report(done) != report(plain):
            yield f"plain {report(plain)}, recorded {report(done)}: {done.stderr[:600]}"
        yield from troubles_of(mapledger, ledger, False)
        if not arguments:
            yield from who_troubles(mapledger, ledger)
        for child in Path(folder).glob("x.mlg.d/*.mlg"):
            yield from troubles_of(mapledger, child, True)


def main():
    mapledger, shim, source, include = map(os.path.abspath, sys.argv[1:5])
    n_built = n_failures = 0
    for compiler, sanitizer, flags in BUILDS:
        name = " ".join([compiler, sanitizer, *flags])
        if sys.argv[5:] and name not in sys.argv[5:]:
            continue
        with tempfile.TemporaryDirectory() as folder:
            program = f"{folder}/sanitized"
            why = build(compiler, sanitizer, flags, source, include, program)
            if why is not None:
                print(f"{name}: skipped: {why}", flush=True)
                continue
            n_built += 1
            troubles = [*compare(mapledger, shim, program, [], "each"),
                        *compare(mapledger, shim, program, [BUG[sanitizer]], "exit")]
        n_failures += len(troubles)
        print(f"{name}: {'; '.join(troubles) or 'the same, and equal'}", flush=True)
    return 1 if n_failures else 0 if n_built else SKIP


sys.exit(main())
