# SPDX-License-Identifier: Apache-2.0
"""
run_troubles.py MAPLEDGER SHIM VICTIM: what `mapledger run' says when not all goes well

Limits that leave no room for a ledger, programs that do not start, children that crash or
outlive the program, a shim that can't be found or loaded, and what the program finds in its
environment.
"""

import glob
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from testing import Checks, environment, run, scratch

LOADER = "/lib64/ld-linux-x86-64.so.2"


class Runs:
    """mapledger run in a folder of its own, with what the shim of this build is."""

    def __init__(self, checks, mapledger, shim, victim, folder):
        self.checks, self.mapledger, self.shim, self.victim = checks, mapledger, shim, victim
        self.folder = folder
        self.env = environment(MAPLEDGER_SHIM=shim)

    def __call__(self, *arguments, **options):
        options.setdefault("env", self.env)
        done = run([self.mapledger, "run", "--force", "-o", "x.mlg", *arguments], self.folder,
                   **options)
        done.said = done.stderr.decode(errors="replace")
        done.out = done.stdout.decode(errors="replace")
        return done

    def says(self, done, status, words, what):
        self.checks.check(done.returncode == status and words in done.said,
                          f"{what}: {status} and '{words}'; got {done.returncode}: {done.said}")

    def path(self, name):
        return os.path.join(self.folder, name)

    def forget(self):
        for path in glob.glob(self.path("*.mlg*")):
            shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)


# ------------------------------------------------------------------ the shim


def shims(runs):
    """Beside a build's command it is found; a command that was moved away finds none."""
    plain = environment()
    done = runs("-q", "true", env=plain)
    runs.says(done, 0, "", "the build's own shim is found")
    runs.checks.check(os.path.exists(runs.path("x.mlg")), "and records")
    os.mkdir(runs.path("with blank"))
    shutil.copy(runs.shim, runs.path("with blank/libmapledger.so"))
    done = runs("true", env=dict(plain, MAPLEDGER_SHIM=runs.path("with blank/libmapledger.so")))
    runs.says(done, 125, "the loader takes no blanks or colons in a path", "a path with a blank")
    moved = shutil.copy(runs.mapledger, runs.path("moved"))
    done = run([moved, "run", "true"], runs.folder, env=plain)
    runs.checks.check(done.returncode in (0, 125), "a command without its build folder")
    if done.returncode == 125:  # else one is installed
        runs.checks.check(b"set MAPLEDGER_SHIM to its path" in done.stderr,
                          f"says what to do: {done.stderr}")
    runs.forget()


# ----------------------------------------------------------- the environment


def echo(runs, variable, *options, **changes):
    env = {name: value for name, value in dict(runs.env, **changes).items() if value is not None}
    done = runs("-q", *options, "sh", "-c", f'printf %s "${variable}"', env=env)
    runs.checks.same((done.returncode, done.said), (0, ""), f"{variable} with {changes}")
    return done.out


def environments(runs):
    """What the user had set is kept, and what the shim is told follows it."""
    same = runs.checks.same
    same(echo(runs, "LD_PRELOAD"), runs.shim, "LD_PRELOAD")
    same(echo(runs, "LD_PRELOAD", LD_PRELOAD="libm.so.6"), runs.shim + ":libm.so.6",
         "a library that is preloaded anyway comes second")
    same(echo(runs, "ASAN_OPTIONS"), "verify_asan_link_order=0", "ASAN_OPTIONS")
    same(echo(runs, "ASAN_OPTIONS", ASAN_OPTIONS="a=1"), "a=1:verify_asan_link_order=0",
         "what was set for AddressSanitizer stays")
    same(echo(runs, "ASAN_OPTIONS", ASAN_OPTIONS="verify_asan_link_order=1"),
         "verify_asan_link_order=1", "and its order, where the user chose it")
    said = echo(runs, "MAPLEDGER_OPTIONS", "--depth", "3", "--hold-unmapped", "1M", "--raw",
                "--stack", "fp", "--follow", "fork", "--verify", "each", "--max-size", "8M",
                MAPLEDGER_OPTIONS="debug=0")
    runs.checks.check("debug=0:output=" in said, f"the user's options come first: {said}")
    for words in (":depth=3", ":hold=1048576", ":raw=1", ":stack=fp", ":follow=fork",
                  ":verify=each", ":max_size=8388608"):
        runs.checks.check(words in said + ":", f"{words} is handed on: {said}")


def caches(runs):
    """Where the shim keeps what it learns: below XDG_CACHE_HOME, or HOME, or nowhere."""
    cache = runs.path("cache")
    runs.checks.check(f"cache={cache}/mapledger:" in
                      echo(runs, "MAPLEDGER_OPTIONS", XDG_CACHE_HOME=cache), "XDG_CACHE_HOME")
    runs.checks.check(os.path.isdir(cache + "/mapledger"), "is made")
    runs.checks.check(f"cache={runs.folder}/.cache/mapledger:" in
                      echo(runs, "MAPLEDGER_OPTIONS", XDG_CACHE_HOME="relative",
                           HOME=runs.folder), "HOME")
    with open(runs.path("file"), "wb"):
        pass
    for what, changes in (("no home", {"HOME": None, "XDG_CACHE_HOME": None}),
                          ("a colon in it", {"XDG_CACHE_HOME": runs.path("a:b")}),
                          ("a file in its place", {"XDG_CACHE_HOME": runs.path("file")})):
        runs.checks.check("cache=" not in echo(runs, "MAPLEDGER_OPTIONS", **changes),
                          f"{what}: no cache")


def quotes(runs):
    for name in ("'begins.mlg", '"begins.mlg', "a:b'c.mlg", 'a:b"c.mlg'):
        done = runs("-q", "-o", name, "true")
        runs.says(done, 0, "", name)
        runs.checks.check(os.path.exists(runs.path(name)), f"{name} is written")
        os.unlink(runs.path(name))
    runs.says(runs("-o", "a:'b\".mlg", "true"), 125, "it has both kinds of quotes",
              "a name that can't be quoted")


# --------------------------------------------------- programs that do not start


def not_started(runs):
    busy = shutil.copy(runs.victim, runs.path("busy"))
    with open(busy, "r+b"):  # ETXTBSY: while it can be written, it can't be executed
        runs.says(runs("./busy"), 126, "can't execute ./busy: Text file busy",
                  "a program that is being written")
    with open(runs.victim, "rb") as file:
        elf = file.read().replace(b"libc.so.6\0", b"lib!.so.6\0")
    with open(runs.path("lost"), "wb") as file:
        file.write(elf)
    os.chmod(runs.path("lost"), 0o755)
    runs.says(runs("./lost"), 127, "nothing was recorded: ./lost did not start; does the loader "
              "find all its libraries?", "a library is missing")
    if os.path.exists(LOADER):  # it prints, and runs no code of what it loads
        arguments = [LOADER, "--list", shutil.which("true")]
        runs.says(runs(*arguments), 0, "made no ledger; it may have ended before it began",
                  "a loader that only lists")
        runs.says(runs("--check", *arguments), 99, "made no ledger", "--check finds nothing")


# ---------------------------------------------------------------------- limits


FORK = """
import mmap, os, resource, sys
limit = getattr(resource, sys.argv[1])
resource.setrlimit(limit, (int(sys.argv[2]), resource.getrlimit(limit)[1]))
pid = os.fork()
if pid == 0:
    mmap.mmap(-1, 4096)  # a child's ledger begins with its first call
    os._exit(0)
os.waitpid(pid, 0)
"""


def no_files():
    """Small files; and mapledger itself, which writes none, does not die of it."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))


def limits(runs):
    done = subprocess.run([runs.mapledger, "run", "-o", "y.mlg", "true"], cwd=runs.folder,
                          env=runs.env, preexec_fn=no_files, restore_signals=False,
                          capture_output=True, check=False)
    done.said = done.stderr.decode()
    runs.says(done, 0, "nothing was recorded: the limit on file sizes (ulimit -f, RLIMIT_FSIZE) "
              "leaves no room for a ledger", "no room for the program's ledger")
    done = runs("sh", "-c", "ulimit -f 8; exec ls / >/dev/null")
    runs.says(done, 0, "; what it executed then was NOT RECORDED: the limit on file sizes",
              "no room for the ledger of what it executed")
    for limit, value, words in (("RLIMIT_FSIZE", 8192, "the limit on file sizes"),
                                ("RLIMIT_NOFILE", 0, "no file could be opened (ulimit -n")):
        done = runs(sys.executable, "-c", FORK, limit, str(value))
        runs.says(done, 0, f"; 1 fork NOT RECORDED: {words}", f"a child without room: {limit}")
    runs.forget()


# -------------------------------------------------------------------- children


def crashes(runs):
    done = runs("sh", "-c", "sh -c 'kill -SEGV $$'; sh -c 'kill -BUS $$'; true")
    runs.says(done, 0, ") was killed by SIGBUS, the last of 2 that crashed; mapledger explain ",
              "the last child that crashed")
    runs.checks.check(", 2 of them" not in done.said, "no more is said about the first")
    runs.forget()


def outliving(runs):
    done = runs("sh", "-c", "sleep 60 <&- >&- 2>&- & echo $!; sleep 0.3")
    runs.says(done, 0, "; 1 still running", "a child that outlives the program")
    os.kill(int(done.out), signal.SIGKILL)
    runs.forget()


def checked(runs):
    runs.says(runs("--check", "--keep-all", "sh", "-c", "ls / >/dev/null; true"), 0, "",
              "--check of a family without findings")
    runs.says(runs("--verify", "each", "sh", "-c", "ls / >/dev/null; true"), 0,
              ", verified equal to the kernel's map after each call", "--verify each")
    runs.forget()


HIDDEN = """
import ctypes, mmap, os
kept = bytearray(40 << 20)
mmap.mmap(-1, 1 << 20)
os._exit(0)
"""


def unseen(runs):
    """Without its sites libc's own mappings are not seen, and the summary says so."""
    for verify, words in (("exit", "UNEXPLAINED DIFFERENCE"),
                          ("each", " WITH A DIFFERENCE from the kernel's map, the first is #")):
        done = runs("--verify", verify, sys.executable, "-c", HIDDEN,
                    env=dict(runs.env, MAPLEDGER_OPTIONS="sites=off"))
        runs.says(done, 0, words, f"what the shim did not see, --verify {verify}")
    runs.forget()


def main(mapledger, shim, victim):
    checks = Checks()
    with scratch() as folder:
        runs = Runs(checks, mapledger, shim, victim, folder)
        for part in (shims, environments, caches, quotes, not_started, limits, crashes,
                     outliving, checked, unseen):
            started = time.monotonic()
            part(runs)
            print(f"{part.__name__}: {time.monotonic() - started:.1f} s")
    checks.finish()


main(*(os.path.abspath(arg) if os.path.exists(arg) else arg for arg in sys.argv[1:]))
