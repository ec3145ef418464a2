#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Run a program in hostile environments, plain and recorded: it must say and end the same.

usage: environments.py MAPLEDGER SHIM VICTIM FILTERED [NAME...]

Each environment is recorded fully, with a map that equals the kernel's, or the summary
of `mapledger run' says what was not to be had, and why.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SKIP = 77
NOT_READ = r"not verified \(not compared with the kernel's map: it can't be read \(%s\)\)"
NOT_FORKED = r"1 fork NOT RECORDED: %s"

# What the summary has to say; nothing: all is recorded and equal.
ENVIRONMENTS = {
    "nothing": [],
    "close_all": [],
    "close_really_all": [],
    "chroot": [NOT_READ % "ENOENT", NOT_FORKED % "there is no /proc"],
    "setuid": [r"verified equal", NOT_FORKED % "Permission denied"],
    "mdwe": [],
    "as": [],
    "data": [],
    "fsize": [r"verified equal", NOT_FORKED % "the limit on file sizes"],
    "nofile": [NOT_READ % "EMFILE", NOT_FORKED % "no file could be opened"],
    "stack": [],
    "mcl_future": [],
    "noproc": [NOT_READ % "ENOENT"],
}

failures = []


def check(holds, environment, what):
    if not holds:
        failures.append(environment)
        print(f"{environment}: {what}")


def plain(command, **more):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, **more)


class Recorder:
    def __init__(self, mapledger, shim):
        self.mapledger = mapledger
        self.environment = dict(os.environ, MAPLEDGER_SHIM=shim)

    def run(self, folder, command, before=(), **more):
        """What it said, and the last line of ours."""
        ledger = Path(folder) / "x.mlg"
        done = plain([*before, self.mapledger, "run", "--keep-all", "-o", str(ledger), "--",
                      *command], env=self.environment, **more)
        ours = [line for line in done.stderr.splitlines() if line.startswith("mapledger: ")]
        return done, ours[-1] if ours else ""

    def differ(self, folder):
        """Ledgers whose map is not the kernel's."""
        return [str(ledger) for ledger in Path(folder).rglob("*.mlg")
                if plain([self.mapledger, "verify", str(ledger)]).returncode not in (0, 3)]


def hostile(recorder, victim, name, wanted):
    native = plain([victim, name])
    if native.returncode == SKIP:
        print(f"{name}: skipped: {native.stderr.strip()}")
        return
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        done, said = recorder.run(folder, [victim, name])
        check(done.returncode == native.returncode, name,
              f"ended with {done.returncode}, plain with {native.returncode}; {done.stderr}")
        check(done.stdout == native.stdout, name, f"said {done.stdout!r}, not {native.stdout!r}")
        for pattern in wanted or [r"verified equal to the kernel's map; followed 1 process"]:
            check(re.search(pattern, said), name, f"no {pattern!r} in {said!r}")
        differ = recorder.differ(folder)
        check(not differ, name, f"differs: {differ}")
        print(f"{name}: {said}")


def limit_before(recorder, victim):
    """No ledger can be made at all: run says why, and the program runs on."""
    with tempfile.TemporaryDirectory() as folder:
        done, said = recorder.run(folder, [victim, "nothing"], before=["sh", "-c",
                                  'ulimit -f 0; exec "$0" "$@"'])
        check("nothing was recorded: the limit on file sizes" in said, "fsize at start", said)
        check("status: 1280" in done.stdout, "fsize at start", done.stdout)


def limit_before_exec(recorder, victim):
    with tempfile.TemporaryDirectory() as folder:
        done, said = recorder.run(folder, ["sh", "-c", f"ulimit -f 0; exec {victim} nothing"])
        check("executed then was NOT RECORDED: the limit on file sizes" in said,
              "fsize before exec", said)
        check("status: 1280" in done.stdout and done.returncode == 4, "fsize before exec",
              done.stdout)


def behind_filter(recorder, filtered):
    """A filter that kills for anything new, and then another program."""
    native = plain([filtered, "/bin/echo", "hello"])
    if native.returncode == SKIP or native.returncode < 0:
        print(f"filter before exec: skipped: plain it ends with {native.returncode}")
        return
    with tempfile.TemporaryDirectory() as folder:
        done, said = recorder.run(folder, [filtered, "/bin/echo", "hello"])
        check(done.stdout == "hello\n" and done.returncode == native.returncode,
              "filter before exec", f"{done.returncode} {done.stdout!r} {done.stderr!r}")
        check("NOT RECORDED: it had confined itself" in said, "filter before exec", said)
        print(f"filter before exec: {said}")


def full_disk(recorder, victim):
    """A file system of a megabyte: the program runs on, and what was lost is said."""
    with tempfile.TemporaryDirectory() as folder:
        script = f'mount -t tmpfs -o size=1m none {folder} && cd {folder} && exec "$@"'
        if plain(["unshare", "-m", "sh", "-c", script, "sh", "true"]).returncode != 0:
            print("full disk: skipped: can't mount")
            return
        done, said = recorder.run(folder, [victim, "nothing"],
                                  before=["unshare", "-m", "sh", "-c", script, "sh"])
        check(done.returncode == 4 and "status: 1280" in done.stdout, "full disk", done.stdout)
        check("mapledger: " in said, "full disk", f"nothing said: {done}")
        print(f"full disk: {said}")


def no_folder(victim, shim):
    """Without `mapledger run' nobody can say it; the program must not notice."""
    environment = dict(os.environ, LD_PRELOAD=shim,
                       MAPLEDGER_OPTIONS="output=/nonexistent/folder/x.mlg")
    done = plain([victim, "nothing"], env=environment)
    check(done.returncode == 4 and done.stderr == "", "no folder", done.stderr)


def other_preload(recorder, victim):
    for library in ("/usr/lib/x86_64-linux-gnu/libjemalloc.so.2",):
        if not os.path.exists(library):
            print(f"{library}: skipped: not installed")
            continue
        with tempfile.TemporaryDirectory() as folder:
            recorder.environment["LD_PRELOAD"] = library
            done, said = recorder.run(folder, [victim, "nothing"])
            del recorder.environment["LD_PRELOAD"]
            check(done.returncode == 4 and "verified equal" in said, library, said)


def sanitized(recorder):
    """A program that insists on its sanitizer being the first library."""
    compiler = shutil.which("gcc")
    with tempfile.TemporaryDirectory() as folder:
        source, program = Path(folder) / "x.c", str(Path(folder) / "x")
        source.write_text("#include <stdlib.h>\nint main(void){volatile char *p = malloc(9);"
                          "return p[9];}\n")
        if compiler is None or plain([compiler, "-fsanitize=address", str(source), "-o",
                                      program]).returncode != 0:
            print("asan: skipped: no compiler with it")
            return
        done, said = recorder.run(folder, [program])
        check("heap-buffer-overflow" in done.stderr, "asan", done.stderr[:300])
        check("verified equal" in said, "asan", said)


def main():
    # Some change their folder first.
    mapledger, shim, victim, filtered = map(os.path.abspath, sys.argv[1:5])
    names = sys.argv[5:]
    recorder = Recorder(mapledger, shim)
    for name, wanted in ENVIRONMENTS.items():
        if not names or name in names:
            hostile(recorder, victim, name, wanted)
    if not names:
        limit_before(recorder, victim)
        limit_before_exec(recorder, victim)
        behind_filter(recorder, filtered)
        full_disk(recorder, victim)
        no_folder(victim, shim)
        other_preload(recorder, victim)
        sanitized(recorder)
    print(f"{len(failures)} failures")
    return 1 if failures else 0


sys.exit(main())
