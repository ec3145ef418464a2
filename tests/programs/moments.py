# SPDX-License-Identifier: Apache-2.0
"""Running programs, stopped at random moments: the ledger's map is the kernel's.

usage: moments.py MAPLEDGER SHIM NAME [ARG...]

The program is stopped with SIGSTOP, `mapledger map -p PID --format maps' is
compared with /proc/PID/maps, and it goes on. Both texts are brought into canonical
form here, by code that shares nothing with mapledger.

A thread may be stopped between its system call and the end of its record, or may
have gone round the recorder's lock with a record that comes late. Such a
difference is momentary: the program is let go and stopped again a moment later. A
difference that is there each time is drift. So is a momentary one without a call
in flight, in a program of which every call was recorded in order.

ML_TEST_SEED repeats a run's choice of moments, ML_TEST_MOMENTS their number.
"""

import collections
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from corpus import PYTHON, script
from recorded import Tools, canonical, difference, members, seed, skip, tolerate

N_MOMENTS = int(os.environ.get("ML_TEST_MOMENTS", "20"))
AGAIN = 6  # how often one moment is looked at again

COMMANDS = {
    "python3": [PYTHON, script("loop.py")],
    "perl": ["perl", script("loop.pl")],
    "node": ["node", script("loop.js")],
    "malloc_threads": None,  # given as an argument
    "small_ledger": None,    # the same; its oldest history is overwritten all the time
    "redis": ["redis-server", "--port", "0", "--unixsocket", "redis.sock", "--save", "",
              "--daemonize", "no", "--loglevel", "warning"],
}


# ------------------------------------------------------------- stopping a process

def states(pid):
    """The states of all threads: T is stopped, t traced, Z gone."""
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/stat", encoding="ascii", errors="replace") as stat:
                found.append(stat.read().rsplit(")", 1)[1].split()[0])
        except OSError:
            pass  # the thread has ended
    return found


def stop(pid, patience=2000):
    os.kill(pid, signal.SIGSTOP)
    for _ in range(patience):
        if all(state in "TZX" for state in states(pid)):
            return
        time.sleep(0.001)
    raise TimeoutError(f"process {pid} does not stop: {states(pid)}")


def go(pid):
    os.kill(pid, signal.SIGCONT)


# ------------------------------------------------------------------ one comparison

def in_flight(ledger):
    """Is the newest call unfinished? Straight from the file.

    See ledger_format.h: 64-byte records behind a 4096-byte header. The low two bits
    of a record's first byte are 1 while it is being written, kind 2 is a call, and
    its time is at byte 8.
    """
    newest = (0, False)
    with open(ledger, "rb") as file:
        end = 4096
        while (begin := next_data(file.fileno(), end)) is not None:
            end = os.lseek(file.fileno(), begin, os.SEEK_HOLE)
            file.seek(begin)
            data = file.read(end - begin)
            newest = max([newest, *((ticks, state & 3 == 1) for state, kind, ticks in
                                    struct.iter_unpack("<BB6xQ48x", data) if kind == 2)])
    return newest[1]


def next_data(fd, offset):
    """The file is as large as it may become, but for the most part a hole."""
    try:
        return os.lseek(fd, offset, os.SEEK_DATA)
    except OSError:
        return None


class NotThatProcess(Exception):
    """It can't be compared: it is not the one any more whose ledger it was, or not yet."""


def compare(tools, pid):
    """What differs in a stopped process, and which tolerances were needed."""
    said = tools.ask("map", "-p", pid, "--format", "maps")
    with open(f"/proc/{pid}/maps", encoding="utf-8", errors="surrogateescape") as maps:
        kernel = canonical(maps.read())
    if "has only just started" in said.stderr:
        raise NotThatProcess(said.stderr)
    if said.returncode != 0:
        return [f"mapledger map: exit {said.returncode}: {said.stderr}"], []
    ledger = canonical(said.stdout)
    kernel, tolerated = tolerate(kernel, ledger)
    return difference(kernel, ledger), tolerated


class Moments:
    def __init__(self, tools, pid, ledger, chance):
        self.tools, self.pid, self.ledger, self.chance = tools, pid, ledger, chance
        self.seen = collections.Counter()
        self.momentary = []  # differences that were there with no call in flight

    def look_once(self):
        """Returns (differences, whether a call is in flight)."""
        stop(self.pid)
        try:
            return self.look_at_stopped()
        finally:
            go(self.pid)

    def look_at_stopped(self):
        differs, tolerated = compare(self.tools, self.pid)
        self.seen.update(tolerated)
        return differs, bool(differs) and in_flight(self.ledger)

    def look(self):
        """One moment. Returns the lines that differ each time it is looked at."""
        differs, flying = self.look_once()
        stable = list(differs)
        for _ in range(AGAIN):
            if not stable:
                break
            self.seen["in flight" if flying else "late"] += 1
            self.momentary += [] if flying else differs
            time.sleep(self.chance.uniform(0, 0.01))
            differs, flying = self.look_once()
            stable = [line for line in stable if line in differs]
        return stable

    def n_unordered(self):
        return json.loads(self.tools.ask("info", "--json", self.ledger).stdout)["n_unordered"]


# ---------------------------------------------------------------- a whole family

def pid_of(ledger):
    """Whose ledger it is; see struct ledger_header."""
    with open(ledger, "rb") as file:
        header = file.read(104)
    return struct.unpack("<I", header[100:])[0] if len(header) == 104 else 0


def has_mapped(pid, ledger):
    try:
        with open(f"/proc/{pid}/maps", encoding="utf-8", errors="surrogateescape") as maps:
            return str(ledger) in maps.read()
    except OSError:
        return False


def is_traced(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as status:
        return "TracerPid:\t0\n" not in status.read()


class FamilyMoments:
    """Processes that come and go: at each moment one of them is looked at.

    One that a debugger holds, that waits for its vfork child, or that ends or executes
    something else just now can't be: the moment does not count.
    """

    def __init__(self, tools, ledger, chance):
        self.tools, self.ledger, self.chance = tools, ledger, chance
        self.n_looked = 0
        self.n_missed = 0
        self.seen = collections.Counter()
        self.troubles = []

    def living(self):
        owners = ((pid_of(each), each) for each in members(self.ledger) if each.exists())
        return [(pid, each) for pid, each in owners if pid and has_mapped(pid, each)]

    def look(self):
        living = self.living()
        if not living:
            return
        pid, ledger = self.chance.choice(living)
        moment = FamilyMoment(self.tools, pid, ledger, self.chance)
        try:
            differs = moment.look()
        except (OSError, TimeoutError, NotThatProcess):
            self.n_missed += 1
            return
        self.n_looked += 1
        self.seen.update(moment.seen)
        self.troubles += [f"{ledger.name}, while it ran: {line}" for line in differs]
        if moment.seen["late"] and not differs and not moment.n_unordered():
            self.troubles.append(f"{ledger.name}, while it ran, for a moment, with no call in "
                                 f"flight and none out of order: {'; '.join(moment.momentary)}")


class FamilyMoment(Moments):
    def look_once(self):
        if is_traced(self.pid):
            raise NotThatProcess
        try:
            stop(self.pid, patience=200)
            if not has_mapped(self.pid, self.ledger):
                raise NotThatProcess
            return self.look_at_stopped()
        finally:
            go(self.pid)


# ------------------------------------------------------------------------- running

def start(tools, name, command, folder, ledger):
    max_size = "3M" if name == "small_ledger" else "1G"
    options = f"output={ledger}:follow=none:max_size={max_size}"
    environment = tools.environment(folder, LD_PRELOAD=tools.shim, MAPLEDGER_OPTIONS=options)
    return subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def start_load(name, tools, folder):
    """Redis does nothing by itself. The load has a process group, to end it as a whole."""
    if name != "redis":
        return None
    return subprocess.Popen(["sh", script("loop_redis.sh"), os.path.join(folder, "redis.sock")],
                            env=tools.environment(folder), start_new_session=True,
                            stdin=subprocess.DEVNULL)


def end(process, group=False):
    if process is None:
        return
    if group:
        os.killpg(process.pid, signal.SIGKILL)
    elif process.poll() is None:
        process.kill()
    process.wait()


def wait_for(condition, seconds):
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.02)
    return condition()


def check(tools, name, command, folder, chance):
    ledger = Path(folder) / "loop.mlg"
    process = start(tools, name, command, folder, ledger)
    load = None
    try:
        if not wait_for(ledger.exists, 20):
            print(f"{name}: no ledger; the program {process.poll()}")
            return 1
        time.sleep(1)
        load = start_load(name, tools, folder)
        moments = Moments(tools, process.pid, ledger, chance)
        failed = 0
        for number in range(N_MOMENTS):
            time.sleep(chance.uniform(0, 0.25))
            if process.poll() is not None:
                print(f"{name}: ended by itself with {process.returncode}")
                return 1
            differs = moments.look()
            failed += bool(differs)
            for line in differs:
                print(f"  moment {number}: {line}")
        unordered = moments.n_unordered()
        if moments.seen["late"] and not unordered:
            print(f"{moments.seen['late']} momentary differences, with no call in flight and none "
                  "out of order")
            failed += 1
        print(f"{name}: {N_MOMENTS} moments, {failed} failed; "
              f"{', '.join(f'{n} {what}' for what, n in moments.seen.items()) or 'nothing else'}; "
              f"{unordered} calls out of order; ledger {ledger.stat().st_blocks * 512 >> 10} KiB")
        return 1 if failed else 0
    finally:
        end(load, group=True)
        end(process)


def main():
    tools = Tools(sys.argv[1], sys.argv[2])
    name = sys.argv[3]
    command = COMMANDS[name] or [os.path.abspath(sys.argv[4])]
    if not shutil.which(command[0]):
        skip(f"{command[0]} is not installed")
    chosen = seed()
    print(f"ML_TEST_SEED={chosen}")
    with tempfile.TemporaryDirectory(prefix="mapledger-") as folder:
        return check(tools, name, command, folder, random.Random(chosen))


if __name__ == "__main__":
    sys.exit(main())
