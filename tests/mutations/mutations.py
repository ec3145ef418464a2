# SPDX-License-Identifier: Apache-2.0
"""Can the tests fail? Known bugs are put back, one at a time, and must be caught.

usage: mutations.py fold|recorder|sites|orders BUILD NINJA [NAME...]

src/base/mutation.h lists the bugs. Of each, the one file that holds its switch is
compiled again with it, by the build's own command, and linked in place of the good
one; then the tests that the table below names must fail. First of all a control,
with the same files compiled the same way and no bug in them, must pass: so that a
failure means the bug.
"""

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
SEEDS = ["1", "2", "3"]  # of random tests: one may not meet the bug
TRIES = 3                # of victims with threads: they race
SKIP = 77
LIMIT = 60               # seconds


@dataclass
class Mutation:
    name: str
    file: str
    tests: list  # all of them must fail


FOLD = [
    Mutation("OFFSET_STAYS", "src/memory_set/area_tree_insert.c", ["rules", "fuzz"]),
    Mutation("MPROTECT_FAILURE_IGNORED", "src/vma/vm_apply_range.c", ["rules", "fuzz"]),
    Mutation("GROWSDOWN_LITERAL", "src/vma/vm_apply_range.c", ["rules", "fuzz"]),
    Mutation("MUNMAP_ROUNDS_DOWN", "src/vma/vm_apply_range.c", ["rules", "fuzz"]),
    Mutation("FIXED_FAILURE_IGNORED", "src/vma/vm_apply_mmap.c", ["rules", "fuzz"]),
    Mutation("NOREPLACE_REPLACES", "src/vma/vm_apply_mmap.c", ["rules", "fuzz"]),
    Mutation("HINT_BELIEVED", "src/vma/vm_space.c", ["rules", "fuzz"]),
    Mutation("READ_IMPLIES_EXEC_IGNORED", "src/vma/vm_change.c", ["rules"]),
    Mutation("HEAP_PROT_RESET", "src/vma/vm_apply.c", ["rules", "fuzz"]),
    Mutation("BRK_SPARES_OTHERS", "src/vma/vm_apply.c", ["rules", "fuzz"]),
    Mutation("GROWTH_IGNORED", "src/vma/vm_apply_mremap.c", ["rules", "fuzz"]),
    Mutation("SHRINK_STOPS_AT_GAP", "src/vma/vm_apply_mremap.c", ["rules", "fuzz"]),
    Mutation("DONTUNMAP_UNMAPS", "src/vma/vm_apply_mremap.c", ["rules", "fuzz"]),
    Mutation("HALF_A_MOVE_IGNORED", "src/vma/vm_apply_mremap.c", ["rules"]),
    Mutation("UNLOCK_ENDS_WITH_RANGE", "src/vma/vm_apply_mremap.c", ["rules"]),
    Mutation("DUPLICATE_IGNORED", "src/vma/vm_apply_mremap.c", ["rules", "fuzz"]),
    Mutation("MADVISE_STOPS_AT_GAP", "src/vma/vm_apply_advice.c", ["rules", "fuzz"]),
    Mutation("SEAL_IGNORED", "src/vma/vm_apply_advice.c", ["rules"]),
    Mutation("RING_IGNORED", "src/vma/vm_apply_process.c", ["rules", "fuzz"]),
    Mutation("SHMDT_TAKES_ONE", "src/vma/vm_apply_shm.c", ["rules", "fuzz"]),
    Mutation("COMPARE_IGNORES_PROT", "src/vma/vm_compare.c", ["compare"]),
]

RECORDER = [
    Mutation("LOCK_AFTER_CALL", "preload/record/recorder.c", ["threads"]),
    Mutation("LATE_CALLS_LOST", "preload/record/session.c", ["signals"]),
    Mutation("TAKEN_CALL_FORGOTTEN", "preload/record/take_lock.c", ["taken"]),
    Mutation("LEFT_HOOK_UNNOTICED", "preload/threads/frame.c", ["signals"]),
    Mutation("IDENTITY_NOT_ASKED", "preload/map/resync.c", ["calls"]),
    Mutation("FAILURE_NOT_ASKED", "preload/map/resync.c", ["calls"]),
    Mutation("BREAK_NOT_ASKED", "preload/record/late_record.c", ["break"]),
    Mutation("OWN_MEMORY_FORGOTTEN", "preload/map/own_memory.c", ["threads"]),
    Mutation("CHILD_HAS_ALL", "preload/record/child.c", ["forks"]),
    Mutation("THREAD_REUSED_UNNOTICED", "preload/threads/thread_table.c", ["thread_ids"]),
    Mutation("VFORK_IS_FORK", "preload/record/recorder.c", ["forks"]),
]

SITES = [
    Mutation("JUMP_INTO_MOV_IGNORED", "preload/sites/site_judge.c", ["cases", "random"]),
    Mutation("OPEN_FUNCTION_IS_CLOSED", "preload/sites/site_judge.c", ["cases", "random"]),
    Mutation("CALL_IS_COPIED", "preload/sites/site_judge.c", ["cases", "random"]),
    Mutation("UNREACHED_IS_CODE", "preload/sites/site_judge.c", ["cases", "random"]),
    Mutation("MIDDLE_IS_CODE", "preload/sites/site_judge.c", ["cases"]),
    Mutation("PREFIX_IGNORED", "preload/sites/site_judge.c", ["cases"]),
    Mutation("FOREIGN_BYTES_OVERWRITTEN", "preload/sites/site_table.c", ["table"]),
    Mutation("RUNNING_CODE_PATCHED", "preload/sites/site_table.c", ["table"]),
    Mutation("FUNCTION_HAS_NO_END", "preload/sites/site_function.c", ["function"]),
]

# In every order of two threads and a signal handler: the test includes the files itself.
ORDERS_TEST = "tests/interleavings/interleavings_test"
ORDERS = [Mutation(name, ORDERS_TEST + ".c", ["orders"]) for name in (
    "LATE_CALLS_LOST", "TAKEN_CALL_FORGOTTEN", "LEFT_HOOK_UNNOTICED", "RELEASE_DOES_NOT_WAKE",
    "LOSS_UNNOTICED", "TURN_READ_LATE", "SLOT_READ_EARLY")]

# -------------------------------------------------------------------- compiling


def run(command, folder, **more):
    return subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", check=False, **more)


def build(command, folder):
    done = run(command, folder)
    if done.returncode != 0:
        sys.exit(f"can't build: {shlex.join(command)}\n{done.stdout}")


class Build:
    """What ninja would do."""

    def __init__(self, folder, ninja):
        self.folder, self.ninja = folder, ninja
        with open(os.path.join(folder, "compile_commands.json"), encoding="utf-8") as commands:
            self.compiles = json.load(commands)

    def command(self, target):
        """The last command of many: the one that makes the target itself."""
        said = run([self.ninja, "-t", "commands", target], self.folder).stdout
        return said.strip().splitlines()[-1]

    def compile(self, file, archive, mutation, output):
        """As for @archive, with a mutation in it."""
        wanted = os.path.join(os.path.realpath(SOURCE), file)
        entry = next(entry for entry in self.compiles
                     if os.path.realpath(os.path.join(self.folder, entry["file"])) == wanted
                     and entry["output"].startswith(archive))
        command = [word.replace(entry["output"], output)
                   for word in shlex.split(entry["command"])]
        build([*command, f"-DML_MUTATION=MUTATION_{mutation}"], self.folder)
        return entry["output"]

    def link_test(self, target, objects, output):
        """What stands in front of an archive is not taken from it."""
        command = shlex.split(self.command(target))
        at = command.index("-o")
        build([*command[:at], "-o", output, *objects, *command[at + 2:]], self.folder)

    def link_with(self, target, replaced, output):
        """Objects of the test itself have others in their place."""
        command = [replaced.get(word, word) for word in shlex.split(self.command(target))]
        command[command.index("-o") + 1] = output
        build(command, self.folder)

    def link_shim(self, replaced, output):
        archive = "preload/libshim_hooks.a"
        objects = [replaced.get(word, word) for word in shlex.split(self.command(archive))
                   if word.endswith(".o")]
        Path(output + ".a").unlink(missing_ok=True)  # ar adds to what is there
        build(["ar", "crs", output + ".a", *objects], self.folder)
        command = [word.replace(archive, output + ".a")
                   for word in shlex.split(self.command("preload/libmapledger.so"))]
        command[command.index("-o") + 1] = output
        build(command, self.folder)


# The beginning of what a file is compiled to, by its folder.
ARCHIVES = {"src/vma": "src/vma/libvma.", "src/memory_set": "src/memory_set/libmemory_set."}


class Fold:
    """The unit tests of the fold: rules, and random calls."""
    mutations = FOLD
    FILTERS = {"rules": "@(rules|perform)/*", "compare": "compare/*"}
    PROGRAMS = {"vma_test": "tests/vma/vma_test", "fuzz_vma": "tests/fuzz/fuzz_vma"}

    def __init__(self, build_):
        self.build = build_

    def make(self, mutation, files, folder):
        objects = []
        for file in files:
            archive = ARCHIVES[os.path.dirname(file)]
            objects.append(os.path.join(folder, os.path.basename(file) + ".o"))
            self.build.compile(file, archive, mutation, objects[-1])
        for name, target in self.PROGRAMS.items():
            self.build.link_test(target, objects, os.path.join(folder, name))
        return folder

    def passes(self, made, test, tries=None):
        """Steps enough for each bug to be met with one of the seeds."""
        command = [os.path.join(made, "vma_test"), "--filter", self.FILTERS.get(test),
                   "-j1", "--timeout", str(LIMIT)]
        if test == "fuzz":
            command = [os.path.join(made, "fuzz_vma"), "--steps", "6000", "--as-is"]
        return all(run(command, self.build.folder,
                       env=dict(os.environ, ML_TEST_SEED=seed)).returncode in (0, SKIP)
                   for seed in (SEEDS[:tries] if test == "fuzz" else SEEDS[:1]))


class Sites:
    """The unit tests of what finds, judges and patches call sites."""
    mutations = SITES
    PROGRAM = "tests/sites/sites_test"
    FILTERS = {"cases": "judge/overwrites*", "random": "judge/accepts*", "table": "site_table/*",
               "function": "site_function/*"}

    def __init__(self, build_):
        self.build = build_

    def make(self, mutation, files, folder):
        replaced = {}
        for file in files:
            output = os.path.join(folder, os.path.basename(file) + ".o")
            replaced[self.build.compile(file, self.PROGRAM, mutation, output)] = output
        made = os.path.join(folder, "sites_test")
        self.build.link_with(self.PROGRAM, replaced, made)
        return made

    def passes(self, made, test, tries=None):
        command = [made, "--filter", self.FILTERS[test], "-j1", "--timeout", str(LIMIT)]
        return run(command, self.build.folder,
                   env=dict(os.environ, ML_TEST_SEED=SEEDS[0])).returncode == 0


class Recorder:
    """Victims under a shim with a bug."""
    mutations = RECORDER
    SCRIPTS = {"thread_ids": "thread_ids.py"}  # of victims that can't tell by themselves

    def __init__(self, build_):
        self.build = build_

    def make(self, mutation, files, folder):
        replaced = {}
        for file in files:
            output = os.path.join(folder, os.path.basename(file) + ".o")
            replaced[self.build.compile(file, "preload/libshim_hooks.", mutation, output)] = output
        made = os.path.join(folder, "libmapledger.so")
        self.build.link_shim(replaced, made)
        return made

    def passes(self, made, test, tries=TRIES):
        script = self.SCRIPTS.get(test, "run_victim.py")
        command = [sys.executable, SOURCE / "tests/preload" / script, "src/cli/mapledger", made,
                   f"tests/preload/victim_{test}"]
        return all(self.victim_is_content(command) for _ in range(tries))

    def victim_is_content(self, command):
        try:
            return run(command, self.build.folder, timeout=LIMIT).returncode in (0, SKIP)
        except subprocess.TimeoutExpired:
            return False


class Orders:
    """All orders of what two threads and a signal handler do."""
    mutations = ORDERS

    def __init__(self, build_):
        self.build = build_

    def make(self, mutation, files, folder):
        made = os.path.join(folder, "orders")
        good = [self.build.compile(file, ORDERS_TEST, mutation, made + ".o") for file in files]
        command = [made + ".o" if word in good else word
                   for word in shlex.split(self.build.command(ORDERS_TEST))]
        command[command.index("-o") + 1] = made
        build(command, self.build.folder)
        return made

    def passes(self, made, test, tries=None):
        del test, tries  # there is one, and it leaves nothing to chance
        return run([made], self.build.folder).returncode == 0


# --------------------------------------------------------------------- the table


def listed():
    text = (SOURCE / "src/base/mutation.h").read_text(encoding="utf-8")
    return set(re.findall(r"^\tMUTATION_(\w+),", text, re.MULTILINE)) - {"NONE"}


def check_tables():
    tested = {mutation.name for mutation in FOLD + RECORDER + SITES + ORDERS}
    if tested != listed():
        sys.exit(f"in one of mutation.h and mutations.py alone: {sorted(tested ^ listed())}")


def control(kind, chosen, folder):
    files = sorted({mutation.file for mutation in chosen})
    made = kind.make("NONE", files, folder)
    bad = [test for test in sorted({test for mutation in chosen for test in mutation.tests})
           if not kind.passes(made, test, tries=1)]
    print(f"{'(none: the control)':28} {'passes' if not bad else 'FAILS: ' + ', '.join(bad)}",
          flush=True)
    return not bad


def is_caught(kind, mutation, folder):
    started = time.monotonic()
    made = kind.make(mutation.name, [mutation.file], folder)
    missed = [test for test in mutation.tests if kind.passes(made, test)]
    caught = [test for test in mutation.tests if test not in missed]
    print(f"{mutation.name:28} caught by {', '.join(caught) or 'nothing'}"
          f"{'; NOT BY ' + ', '.join(missed) if missed else ''}"
          f"  [{time.monotonic() - started:.1f} s]", flush=True)
    return not missed


def main():
    kinds = {"fold": Fold, "recorder": Recorder, "sites": Sites, "orders": Orders}
    kind = kinds[sys.argv[1]](Build(*sys.argv[2:4]))
    chosen = [mutation for mutation in kind.mutations
              if not sys.argv[4:] or mutation.name in sys.argv[4:]]
    check_tables()
    with tempfile.TemporaryDirectory(prefix="mapledger-") as folder:
        good = control(kind, chosen, folder)
        caught = [is_caught(kind, mutation, folder) for mutation in chosen]
    print(f"{len(chosen)} mutations, {caught.count(False)} not caught")
    return 0 if good and all(caught) else 1


sys.exit(main())
