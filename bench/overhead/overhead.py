# SPDX-License-Identifier: Apache-2.0
"""What does being recorded cost, per call and from start to end, and what would strace cost?

The shim is set as `mapledger run' sets it, with a cache of where code has system calls.
Beside that: without the cache; without stacks; with the call sites of libc and ld.so
alone, or of none; and with every call compared with the kernel's map.

usage: overhead.py OVERHEAD SHIM [ROUNDS] [--cpu]

Short runs of all variants follow each other, so that whatever else the machine does
meets all of them alike. Printed are medians, the median ratio to the plain run of
the same round, and the ratio of the best of all rounds, which says most on a busy
machine. A recorded call is a record of 64 bytes, and each different stack of 16 frames
192 more: ledgers go to a temporary folder, with the default max_size of 256M, and those
of loops are removed after each run; how large they were is printed last. Runs from start to
end come first and leave theirs: ext4 looks for an inode among all that were removed lately,
which a program that is recorded once does not meet. --cpu prints CPU time of the
programs instead of elapsed time: steady even on a busy machine, but it says nothing of
waiting, and strace's own work is in the runs from start to end alone.
"""

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LOOPS = ["mmap+munmap", "mprotect", "malloc", "1 thread", "2 threads", "4 threads"]
START_UPS = {"true": ["true"], "python3 -c pass": [os.path.realpath(sys.executable), "-c", "pass"],
             "node -e 0": ["node", "-e", "0"], "git --version": ["git", "--version"],
             "gcc -O2 -c": ["gcc", "-O2", "-c", "-o", "/dev/null",
                            str(Path(__file__).with_name("overhead.c"))],
             "redis-benchmark": ["redis-benchmark"]}

# From the server's start to its end, with 40,000 requests between.
REDIS = """
redis-server --port 0 --unixsocket "$HOME/socket" --save '' --dir "$HOME" >/dev/null &
until redis-cli -s "$HOME/socket" ping >/dev/null 2>&1; do sleep 0.01; done
redis-benchmark -s "$HOME/socket" -n 20000 -t set,get -q >/dev/null
redis-cli -s "$HOME/socket" shutdown nosave
wait
"""
SLOW = 10  # strace gets this part of the rounds
VERIFY_SLOW = 4


CACHED = ":cache={folder}/cache"


def children_ns():
    """CPU time of those that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return int((usage.ru_utime + usage.ru_stime) * 1e9)


class Variant:
    def __init__(self, name, before=(), shim=None, options="", divisor=1):
        self.name, self.before, self.divisor = name, list(before), divisor
        self.shim, self.options = shim, options

    def run(self, command, folder, keep=False):
        environment = {"PATH": os.environ["PATH"], "HOME": folder}
        if self.shim:
            environment["LD_PRELOAD"] = self.shim
            environment["MAPLEDGER_OPTIONS"] = f"output={folder}/%e.%p.mlg" \
                + self.options.format(folder=folder)
        started = time.monotonic_ns(), children_ns()
        done = subprocess.run([*self.before, *command], env=environment, text=True, check=True,
                              stdout=subprocess.PIPE)
        took = time.monotonic_ns() - started[0], children_ns() - started[1]
        if keep:
            return done.stdout, took, None
        size = sum(path.stat().st_blocks * 512 for path in Path(folder).glob("*.mlg"))
        for path in Path(folder).glob("*.mlg"):
            path.unlink()
        return done.stdout, took, size


def variants(shim):
    yield Variant("plain")
    yield Variant("shim", shim=shim, options=CACHED)
    yield Variant("no cache", shim=shim)
    yield Variant("no stacks", shim=shim, options=CACHED + ":stack=none")
    yield Variant("sites=libc", shim=shim, options=CACHED + ":sites=libc")
    yield Variant("sites=off", shim=shim, options=":sites=off")
    yield Variant("verify=each", shim=shim, options=CACHED + ":verify=each",
                  divisor=VERIFY_SLOW)
    if shutil.which("strace"):
        yield Variant("strace", ["strace", "-f", "-e", "trace=%memory", "-o", "/dev/null"],
                      divisor=SLOW)
    else:
        print("strace is not installed: its column is left out")


def print_table(title, rows, names, unit):
    print(f"\n{title}, in {unit}: median (median ratio, ratio of the best)")
    print(f"{'':16}" + "".join(f"{name:>26}" for name in names))
    for row, values in rows.items():
        plain = values[names[0]]
        cells = []
        for name in names:
            ratio = statistics.median(v / p for v, p in zip(values[name], plain))
            cells.append(f"{statistics.median(values[name]):.1f} ({ratio:.2f}x, "
                         f"{min(values[name]) / min(plain):.2f}x)")
        print(f"{row:16}" + "".join(f"{cell:>26}" for cell in cells))


def main(overhead, shim, rounds, clock):
    chosen = list(variants(shim))
    names = [variant.name for variant in chosen]
    installed = {start: command if start != "redis-benchmark" else ["sh", "-c", REDIS]
                 for start, command in START_UPS.items() if shutil.which(command[0])}
    loops = {loop: {name: [] for name in names} for loop in LOOPS}
    starts = {start: {name: [] for name in names} for start in installed}
    sizes = {}
    with tempfile.TemporaryDirectory(prefix="mapledger-") as folder:
        os.mkdir(Path(folder) / "cache")
        for command in installed.values():  # fills the cache
            chosen[1].run(command, folder, keep=True)
        for _ in range(rounds):
            for start, command in installed.items():
                for variant in chosen:
                    took = variant.run(command, folder, keep=True)[1][clock]
                    starts[start][variant.name].append(took / 1e6)
        for path in Path(folder).glob("*.mlg"):
            path.unlink()
        for _ in range(rounds):
            for loop in LOOPS:
                for variant in chosen:
                    output, _took, size = variant.run([overhead, loop, str(variant.divisor)], folder)
                    loops[loop][variant.name].append(float(output.split()[clock]))
                    sizes[loop] = max(size, sizes.get(loop, 0))
    print_table(f"per call, {rounds} rounds", loops, names, "ns")
    print_table("from start to end", starts, names, "ms")
    print("\nledger on disk: " +
          ", ".join(f"{loop} {size >> 10} KiB" for loop, size in sizes.items()))


numbers = [int(word) for word in sys.argv[3:] if word != "--cpu"]
main(sys.argv[1], sys.argv[2], numbers[0] if numbers else 15, clock=int("--cpu" in sys.argv))
