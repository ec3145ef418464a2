# SPDX-License-Identifier: Apache-2.0
"""Real programs under the shim: nothing they print changes, and no ledger drifts.

usage: programs.py MAPLEDGER SHIM [RUN-OPTION...] [NAME...]

Each program of the table below runs twice in an empty folder, plain and recorded.
Output and exit status must be the same to the byte. Then every ledger of the
family is folded and compared with the map the kernel had when the process ended.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from recorded import SKIP, Tools, family_of, skip

SCRIPTS = Path(__file__).resolve().parent / "scripts"

TROUBLES_SHOWN = 8  # of each program

# Our own interpreter: what is called python3 may be a wrapper.
PYTHON = os.path.realpath(sys.executable)


@dataclass
class Program:
    command: list
    needs: list = field(default_factory=list)  # programs, besides command[0]
    forget: str = ""  # a regular expression for what differs from run to run
    environment: dict = field(default_factory=dict)
    stderr: bool = True  # is what it complains about the same each time?


def script(name):
    return str(SCRIPTS / name)


PROGRAMS = {
    "ls": Program(["ls", "-la", "/usr/bin", "/etc"]),
    "bash": Program(["bash", script("bash.sh")], stderr=False),  # names a process
    "python3": Program([PYTHON, script("python.py")]),
    "perl": Program(["perl", script("perl.pl")]),
    "git": Program(["sh", script("git.sh")], needs=["git"]),
    "gcc": Program(["sh", script("gcc.sh")], needs=["gcc"]),
    "sqlite3": Program(["sqlite3", "area.db", f".read {script('sqlite.sql')}"]),
    "node": Program(["node", script("node.js")]),
    "java": Program(["sh", script("java.sh"), script("Hello.java")], needs=["java", "javac"]),
    "redis": Program(["sh", script("redis.sh")],
                     needs=["redis-server", "redis-benchmark", "redis-cli"]),
    "ruby": Program(["ruby", script("ruby.rb")]),
    "php": Program(["php", script("php.php")]),
    "luajit": Program(["luajit", script("luajit.lua")]),
    "guile": Program(["guile", "--no-auto-compile", script("guile.scm")]),
    "sbcl": Program(["sbcl", "--noinform", "--no-userinit", "--no-sysinit", "--non-interactive",
                     "--load", script("sbcl.lisp")]),
    "erlang": Program(["sh", "-c", f"cp {script('erlang.erl')} erlang_test.erl && "
                       "erlc erlang_test.erl && erl -noshell -s erlang_test main"],
                      needs=["erl", "erlc"]),
}


def run(tools, program, folder, before=()):
    os.makedirs(folder)
    done = subprocess.run([*before, *program.command], cwd=folder, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=280,
                          env=tools.environment(folder, **program.environment), check=False)
    return done.returncode, said(program, done.stdout), said(program, done.stderr)


def said(program, output):
    return re.sub(program.forget.encode(), b"", output) if program.forget else output


def compare(program, plain, recorded):
    breaches = []
    if plain[0] != recorded[0]:
        breaches.append(f"exit status {plain[0]} became {recorded[0]}")
    if plain[1] != recorded[1]:
        breaches.append(f"output changed:\n{plain[1][-2000:]!r}\n{recorded[1][-2000:]!r}")
    if program.stderr and plain[2] != recorded[2]:
        breaches.append(f"complaints changed:\n{plain[2][-2000:]!r}\n{recorded[2][-2000:]!r}")
    return breaches


def missing(program):
    return next((name for name in [program.command[0], *program.needs]
                 if not shutil.which(name)), None)


def check(tools, program, folder, options):
    ledger = folder / "program.mlg"
    plain = run(tools, program, folder / "plain" / "here")
    recorded = run(tools, program, folder / "recorded" / "here",
                   [tools.mapledger, "run", "-q", "--keep-all", *options, "-o", ledger, "--"])
    family = family_of(tools, ledger) if ledger.exists() else None
    breaches = compare(program, plain, recorded)
    if family is None:
        breaches.append("there is no ledger")
    elif family.n_compared == 0:
        breaches.append("no ledger could be compared with the kernel's map")
    elif "--verify=each" in options and family.n_checks == 0:
        breaches.append("no call was compared with the kernel's map")
    return family, breaches


def row(name, family, breaches):
    if family is None:
        return f"{name:10}  no ledger"
    resyncs = ", ".join(f"{n} {reason}" for reason, n in sorted(family.resyncs.items()) if n)
    tolerated = ", ".join(f"{n} {cause}" for cause, n in sorted(family.tolerated.items()) if n)
    return (f"{name:10} {family.n_ledgers:8} {family.n_compared:9} {family.n_calls:9} "
            f"{family.coverage():7.2f} % {family.n_differences:5}  "
            f"{'same' if not breaches else 'CHANGED':8} {resyncs or '-'}"
            f"{'; tolerated: ' + tolerated if tolerated else ''}")


HEAD = (f"{'program':10} {'ledgers':>8} {'compared':>9} {'calls':>9} {'observed':>9} "
        f"{'differ':>5}  {'output':8} read back from the kernel")


def main():
    tools = Tools(sys.argv[1], sys.argv[2])
    options = [argument for argument in sys.argv[3:] if argument.startswith("--")]
    names = [name for name in sys.argv[3:] if name not in options] or list(PROGRAMS)
    failed = skipped = 0
    print(HEAD)
    for name in names:
        program = PROGRAMS[name]
        lacks = missing(program)
        if lacks:
            print(f"{name:10}  skipped: {lacks} is not installed")
            skipped += 1
            continue
        with tempfile.TemporaryDirectory(prefix="mapledger-") as folder:
            family, breaches = check(tools, program, Path(folder), options)
        print(row(name, family, breaches), flush=True)
        troubles = breaches + (family.troubles if family else [])
        for trouble in troubles[:TROUBLES_SHOWN]:
            print(f"  {name}: {trouble}")
        if len(troubles) > TROUBLES_SHOWN:
            print(f"  {name}: ... {len(troubles)} in all")
        failed += bool(troubles)
    if skipped == len(names):
        skip("nothing to run")
    print(f"{len(names) - skipped} programs, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
