# SPDX-License-Identifier: Apache-2.0
"""
run.py MAPLEDGER SHIM VICTIM: `mapledger run' changes nothing for the program

The shim is found through MAPLEDGER_SHIM, so the test does not depend on where
the command lies.
"""

import glob
import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import time
from testing import Checks, environment, run, scratch

# argv of the program -> exit status
STATUSES = [
    (["true"], 0),
    (["false"], 1),
    (["sh", "-c", "exit 42"], 42),
    (["sh", "-c", "exit 255"], 255),
]

# arguments of run -> exit status, what the line contains
REFUSALS = [
    (["./none"], 127, "there is no program './none'"),
    (["no-such-program-anywhere"], 127, "there is no program 'no-such-program-anywhere'"),
    (["./plain"], 126, "can't execute ./plain: Permission denied"),
    (["."], 126, "can't execute .: it is a folder"),
    (["./folder"], 126, "can't execute ./folder: it is a folder"),
    (["./no-header"], 126, "it is neither a program nor a script that begins with #!"),
    (["./lost-script"], 127, "its interpreter /nonexistent/interpreter is missing"),
    (["./static"], 125, "cannot preload into ./static: it is statically linked"),
    (["./script-of-static"], 125, "it is statically linked"),
    (["./thirty-two"], 125, "cannot preload into ./thirty-two: it is a 32-bit program"),
    (["-o", "none/x.mlg", "true"], 125, "can't write a ledger to"),
    (["-o", "%z.mlg", "true"], 125, "has a % word that is not known"),
    (["-o", "folder/", "true"], 125, "is a folder; name a file"),
    (["-o", "taken.mlg", "true"], 125, "is there already; use another --output, or --force"),
]


class Runs:
    """mapledger run in a folder of its own."""

    def __init__(self, checks, mapledger, shim, victim, folder):
        self.checks, self.mapledger, self.victim = checks, mapledger, victim
        self.folder = folder
        self.env = environment(MAPLEDGER_SHIM=shim)

    def run(self, *arguments, **options):
        options.setdefault("env", self.env)
        return run([self.mapledger, "run", *arguments], self.folder, **options)

    def start(self, *arguments, **options):
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        return subprocess.Popen([self.mapledger, "run", *arguments], cwd=self.folder,
                                env=self.env, **options)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text, mode=0o755):
        with open(self.path(name), "wb") as file:
            file.write(text)
        os.chmod(self.path(name), mode)

    def clean(self):
        for path in glob.glob(self.path("*.mlg")):
            os.unlink(path)


def statuses(runs):
    for argv, status in STATUSES:
        done = runs.run(*argv)
        runs.checks.same(done.returncode, status, f"exit status of {argv}")
        runs.checks.check(done.stderr.startswith(b"mapledger: ")
                          and done.stderr.count(b"\n") == 1, f"one line: {done.stderr}")
    runs.clean()


def deaths(runs):
    done = runs.run(runs.victim, "segv")
    runs.checks.same(done.returncode, -signal.SIGSEGV, "killed by the same signal")
    runs.checks.check(b"killed by SIGSEGV" in done.stderr, f"says so: {done.stderr}")
    done = runs.run("sh", "-c", "kill -9 $$")
    runs.checks.same(done.returncode, -signal.SIGKILL, "killed by SIGKILL")
    runs.clean()


def unseen_death(runs):
    """A blocked SIGSEGV kills without a handler."""
    done = runs.run(sys.executable, "-c", "import ctypes, signal\n"
                    "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGSEGV])\n"
                    "ctypes.string_at(8)")
    runs.checks.same(done.returncode, -signal.SIGSEGV, "killed by a signal it had blocked")
    runs.checks.same(done.stderr.count(b"where it crashed was not seen"), 1,
                     f"that nothing is known is said: {done.stderr}")
    runs.clean()


def deaths_of_children(runs):
    """A crash of a child is said, and explained where the program ends as its shell would."""
    die = "sh -c 'kill -SEGV $$'; exit "
    for status, explained in ((0, False), (128 + signal.SIGSEGV, True)):
        done = runs.run("sh", "-c", die + str(status))
        runs.checks.same(done.returncode, status, "the program's own status")
        lines = [line for line in done.stderr.splitlines() if b") was killed by SIGSEGV; " in line]
        runs.checks.same(len(lines), 1, f"one line says which child crashed: {done.stderr}")
        runs.checks.same(b"was killed by SIGSEGV at event" in done.stderr or
                         b"was killed by SIGSEGV before its" in done.stderr, explained,
                         f"explained: {done.stderr}")
        ledger = lines[0].split()[-1].decode() if lines else "none"
        for path, code in ((ledger, 0), (ledger.split(".d/")[0], 3)):
            said = run([runs.mapledger, "explain", path], runs.folder, env=runs.env)
            runs.checks.same(said.returncode, code, f"explain {path}: {said.stderr}")
            runs.checks.check(ledger.encode() in said.stdout + said.stderr,
                              f"it names the child's ledger: {said.stdout + said.stderr}")


def passes_through(runs):
    done = runs.run("-q", "sh", "-c", "cat; echo oops >&2", stdin=None, input=b"some input\0\n")
    runs.checks.same((done.stdout, done.stderr), (b"some input\0\n", b"oops\n"),
                     "input and output pass through, -q is silent")
    runs.clean()
    def odd():
        os.umask(0o027)
        os.nice(3)
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2, signal.SIGTERM])
    for prepare in (None, odd):
        plain, recorded = (
            subprocess.run(argv + [runs.victim, "surroundings"], cwd=runs.folder, env=runs.env,
                           stdin=subprocess.DEVNULL, capture_output=True, check=False,
                           preexec_fn=prepare).stdout
            for argv in ([], [runs.mapledger, "run", "-q"]))
        runs.checks.same(recorded, plain, "the program's surroundings are the same")
    runs.clean()


def refusals(runs):
    runs.write("plain", b"x", 0o644)
    os.mkdir(runs.path("folder"))
    runs.write("no-header", b"echo hello\n")
    runs.write("lost-script", b"#!/nonexistent/interpreter -x\n")
    runs.write("taken.mlg", b"something", 0o644)
    with open(runs.victim, "rb") as file:
        elf = bytearray(file.read())
    runs.write("thirty-two", bytes(elf[:4] + b"\1" + elf[5:]))
    static = subprocess.run(["cc", "-static", "-o", runs.path("static"), "-x", "c", "-"],
                            input=b"int main(void) { return 0; }", check=False,
                            capture_output=True).returncode == 0
    runs.write("script-of-static", b"#! " + runs.path("static").encode() + b"\n")
    for arguments, status, text in REFUSALS:
        if "static" in arguments[-1] and not static:
            continue
        done = runs.run(*arguments)
        runs.checks.same((done.returncode, done.stdout), (status, b""), f"refuses {arguments}")
        runs.checks.check(text.encode() in done.stderr and done.stderr.count(b"\n") == 1,
                          f"{arguments} says '{text}': {done.stderr}")
    if static:  # not to be refused: the shell is recorded
        done = runs.run("sh", "-c", "exec ./static")
        runs.checks.same(done.returncode, 0, "what a program executes is nobody's business")
        runs.checks.check(b"(it executed a program that made no ledger: " in done.stderr,
                          f"why it is not verified: {done.stderr}")
    done = runs.run("--force", "-o", "taken.mlg", "true")
    runs.checks.same(done.returncode, 0, "--force overwrites")
    done = run([runs.mapledger, "run", "true"], runs.folder,
               env=dict(runs.env, MAPLEDGER_SHIM="/nonexistent.so"))
    runs.checks.same(done.returncode, 125, "a shim that is not there")
    runs.clean()


def names(runs):
    env = dict(runs.env, TAG="a:b")
    done = runs.run("-q", "-o", "%e-%%-%n-%q{TAG}-x:'y.mlg", "true", env=env)
    runs.checks.same((done.returncode, os.listdir(runs.folder).count("true-%-0-a:b-x:'y.mlg")),
                     (0, 1), "words in a pattern, colons and quotes in a name")
    runs.clean()
    runs.run("-q", "-o", "%h-%t.mlg", "true")
    made = [name for name in os.listdir(runs.folder) if name.endswith(".mlg")]
    runs.checks.check(len(made) == 1 and re.fullmatch(
        re.escape(socket.gethostname()) + r"-20\d{6}-\d{6}\.mlg", made[0]),
                      f"the host and the time in a name: {made}")
    runs.clean()
    runs.run("-q", "true")
    made = glob.glob(runs.path("mapledger.true.*.mlg"))
    runs.checks.same(len(made), 1, "the default name")
    header = json.loads(run([runs.mapledger, "info", "--json", made[0]], runs.folder).stdout)
    runs.checks.same(made[0], runs.path(f"mapledger.true.{header['pid']}.mlg"), "%p is the pid")
    runs.checks.check(os.stat(made[0]).st_size < 3 << 20, "the ledger is trimmed")
    done = run([runs.mapledger, "verify", made[0]], runs.folder)
    runs.checks.same(done.returncode, 0, f"a trimmed ledger is whole: {done.stdout}")
    runs.clean()


def children(runs):
    done = runs.run("-o", "f.mlg", "sh", "-c", "ls >/dev/null; ls >/dev/null; true")
    runs.checks.check(b"followed 2 processes, kept 0 (2 had start-up only" in done.stderr,
                      f"children that did nothing: {done.stderr}")
    runs.checks.check(not os.path.exists(runs.path("f.mlg.d")), "an empty folder is removed")
    done = runs.run("--force", "--keep-all", "-o", "f.mlg", "sh", "-c", "ls >/dev/null; true")
    runs.checks.check(len(glob.glob(runs.path("f.mlg.d/*.mlg"))) >= 1, "--keep-all keeps")
    done = run([runs.mapledger, "verify", "--all", "f.mlg"], runs.folder)
    runs.checks.same(done.returncode, 0, f"all agree: {done.stdout}")
    done = runs.run("--force", "-o", "f.mlg", "--follow", "none", "sh", "-c",
                    "ls >/dev/null; true")
    runs.checks.check(b"followed" not in done.stderr, "--follow none")
    done = runs.run("--force", "-o", "f.mlg", "sh", "-c", "exec ls / >/dev/null")
    runs.checks.check(b"sh -> ls: " in done.stderr, f"what it executed counts: {done.stderr}")
    runs.clean()


def wait_until(what):
    for _ in range(400):
        if what():
            return True
        time.sleep(0.025)
    return False


def state_of(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        return stat.read().rsplit(")", 1)[1].split()[0]


def child_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children_file:
        return int(children_file.read().split()[0])


def signals(runs):
    for what, number in (("term", signal.SIGTERM), ("int", signal.SIGINT)):
        process = runs.start("-q", runs.victim, what, "5")
        runs.checks.same(process.stdout.readline(), b"ready\n", "the victim is ready")
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
        runs.checks.same((out, err, process.returncode), (b"got it\n", b"", 5),
                         f"{number.name} is handed on")
    process = runs.start("-q", "sleep", "60")
    wait_until(lambda: os.path.exists(f"/proc/{process.pid}/task/{process.pid}/children")
               and open(f"/proc/{process.pid}/task/{process.pid}/children").read())
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    runs.checks.same(process.returncode, -signal.SIGTERM, "dies of what the program dies of")
    runs.clean()


def on_a_terminal(runs, *arguments):
    """In a session with a terminal, as its foreground group. Returns pid and terminal."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(runs.folder)
        os.execve(runs.mapledger, [runs.mapledger, "run", "-q", *arguments], runs.env)
    return pid, terminal


def read_until(terminal, word):
    got = b""
    while word not in got:
        try:
            got += os.read(terminal, 1000)
        except OSError:
            break
    return got


def terminal_interrupts(runs):
    pid, terminal = on_a_terminal(runs, runs.victim, "int", "6")
    read_until(terminal, b"ready")
    os.write(terminal, b"\x03")
    got = read_until(terminal, b"got it")
    _, status = os.waitpid(pid, 0)
    runs.checks.check(b"got it" in got, f"^C reaches the program: {got}")
    runs.checks.same(os.waitstatus_to_exitcode(status), 6, "^C does not end mapledger")
    os.close(terminal)
    runs.clean()


def terminal_stops(runs, ends_first=False):
    """A job of a shell: stopped with the program, awake with it, ends as it does.

    With @ends_first the program has ended by the time that mapledger is awake.
    """
    script = ('set -m; "$0" run -q "$1" int 7 & echo "job $!;"; wait $!; echo "stop $?;"; '
              'read go; fg >/dev/null; echo "end $?;"')
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(runs.folder)
        os.execvpe("bash", ["bash", "-c", script, runs.mapledger, runs.victim], runs.env)
    got = b""
    while b"ready" not in got or b";" not in got:
        got += os.read(terminal, 1000)
    job = int(got.split(b"job ")[1].split(b";")[0])
    program = child_of(job)
    os.kill(program, signal.SIGTSTP)
    got = read_until(terminal, b"stop ")
    runs.checks.same((state_of(job), state_of(program)), ("T", "T"),
                     f"mapledger stops when the program is stopped by the terminal: {got}")
    if ends_first:
        os.kill(program, signal.SIGINT)
        os.kill(program, signal.SIGCONT)
        wait_until(lambda: state_of(program) == "Z")
    os.write(terminal, b"\n")
    if not ends_first:
        runs.checks.check(wait_until(lambda: state_of(job) != "T" and state_of(program) != "T"),
                          "fg wakes both")
        os.kill(program, signal.SIGINT)
    got = read_until(terminal, b"end 7;")
    os.waitpid(pid, 0)
    os.close(terminal)
    runs.checks.check(b"end 7;" in got, f"and the end is the program's: {got}")
    runs.clean()


def ends_while_stopped(runs):
    terminal_stops(runs, ends_first=True)


def live(runs):
    process = runs.start("-q", "-o", "live.mlg", runs.victim, "map")
    process.stdout.readline()
    program = child_of(process.pid)
    for command in ("verify", "map", "info", "log"):
        done = run([runs.mapledger, command, "-p", str(program)], runs.folder)
        runs.checks.same(done.returncode, 0, f"{command} -p: {done.stdout}{done.stderr}")
    done = run([runs.mapledger, "why", "[stack]", "-p", str(program)], runs.folder)
    runs.checks.same(done.returncode, 0, f"why -p: {done.stdout}{done.stderr}")
    for operands in (["start"], ["live.mlg"]):
        done = run([runs.mapledger, "diff", *operands, "-p", str(program)], runs.folder)
        # A stack that grew is a difference that no call tells.
        others = [line for line in done.stdout.decode().splitlines()[1:]
                  if line[0] in "+-~" and "[stack]" not in line and "[heap]" not in line
                  and "mapped #" not in line]
        runs.checks.check(done.returncode in (0, 1) and not others and not done.stderr,
                          f"diff -p: {done.stdout}{done.stderr}")
    done = run([runs.mapledger, "verify", "live.mlg"], runs.folder)
    runs.checks.same(done.returncode, 3, "nothing to compare with while it runs")
    os.kill(program, signal.SIGKILL)
    process.communicate(timeout=30)
    runs.checks.same(process.returncode, -signal.SIGKILL, "killed")
    done = run([runs.mapledger, "verify", "live.mlg"], runs.folder)
    runs.checks.same(done.returncode, 3, "nothing to compare with after a kill")
    done = run([runs.mapledger, "info", "--json", "live.mlg"], runs.folder)
    runs.checks.check(json.loads(done.stdout)["n_calls"] >= 400, "calls up to the kill are there")
    runs.clean()


def has_terminals():
    try:
        master, slave = pty.openpty()
    except OSError as error:
        print(f"skipped what needs a terminal: {error}")
        return False
    os.close(master)
    os.close(slave)
    return True


MANY = """
import mmap
import os
for i in range(20000):
    mmap.mmap(-1, 8192).close()
kept = mmap.mmap(-1, 65536)
os._exit(0)
"""


def stack_of_thread(runs):
    done = runs.run("-q", "-o", "thread.mlg", runs.victim, "thread")
    tid, address = done.stdout.decode().split()
    said = run([runs.mapledger, "why", "stack:" + tid, "thread.mlg"], runs.folder).stdout.decode()
    found = re.match(r"0x([0-9a-f]+)-0x([0-9a-f]+) ", said)
    runs.checks.check(found and int(found[1], 16) <= int(address, 16) < int(found[2], 16),
                      f"the stack of thread {tid} holds {address}: {said}")
    runs.checks.check("via pthread_create" in said, f"and is the one that was made for it: {said}")
    runs.clean()


def lost_history(runs):
    """Shared memory that comes and goes does not fill the ledger; what was lost is said."""
    done = runs.run("-q", "-o", "ring.mlg", "--max-size", "2052K", sys.executable, "-c", MANY)
    runs.checks.same(done.returncode, 0, f"the program runs: {done.stderr}")
    info = json.loads(run([runs.mapledger, "info", "--json", "ring.mlg"], runs.folder).stdout)
    runs.checks.same(info["state"], "exited", "the ledger goes on when it is full")
    runs.checks.check(info["first_event"] > 1, "history was overwritten")
    done = run([runs.mapledger, "verify", "ring.mlg"], runs.folder)
    runs.checks.same(done.returncode, 0, f"what is left folds to the kernel's map: {done.stdout}")
    done = run([runs.mapledger, "why", "0x1000", "ring.mlg"], runs.folder)
    runs.checks.check(b"never was in what is left of the history" in done.stdout
                      and b"were overwritten: what they did here is not known" in done.stdout,
                      f"why says that history was lost: {done.stdout}")
    done = run([runs.mapledger, "map", "--at", "5", "ring.mlg"], runs.folder)
    runs.checks.check(done.returncode == 2 and b"the history before event #" in done.stderr,
                      f"a moment that is lost: {done.stderr}")
    done = run([runs.mapledger, "map", "--at", "@1us", "ring.mlg"], runs.folder)
    runs.checks.check(done.returncode == 2 and b"was overwritten; ask for a later" in done.stderr,
                      f"a time that is lost: {done.stderr}")
    named = [line for line in run([runs.mapledger, "map", "--format", "maps", "ring.mlg"],
                                  runs.folder).stdout.splitlines() if b"/dev/zero" in line]
    runs.checks.check(named, "what is left has its names")
    runs.clean()


def main(mapledger, shim, victim):
    checks = Checks()
    on_terminals = ((terminal_interrupts, terminal_stops, ends_while_stopped)
                    if has_terminals() else ())
    with scratch() as folder:
        runs = Runs(checks, mapledger, shim, victim, folder)
        for part in (statuses, deaths, unseen_death, deaths_of_children, passes_through,
                     refusals, names, children, signals, *on_terminals, live,
                     stack_of_thread, lost_history):
            part(runs)
    checks.finish()


main(*(os.path.abspath(arg) if os.path.exists(arg) else arg for arg in sys.argv[1:]))
