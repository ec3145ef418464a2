# SPDX-License-Identifier: Apache-2.0
"""
stacks.py MAPLEDGER SHIM STORY PLUGIN: the screens say who made the calls

A program with known lines is recorded. What the screens say of its functions is
compared; addresses, times and ids are made alike first.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from testing import HERE, Checks, environment, run, scratch


# What a line of story.c is called below, and what it contains.
MARKS = {
    "protect": "if (mprotect(at,",
    "make_pool": "return mmap(NULL, size,",
    "seal_pool": "protect(story_pool,",
    "use": "= make != NULL ? make()",
    "close": "dlclose(plugin);",
    "main_pool": "story_pool = make_pool(",
    "main_seal": "\tseal_pool();",
    "main_use": "made = use_plugin(",
    "main_crash": "story_pool[4096] = 1;",
}


def find_lines():
    with open(os.path.join(HERE, "story.c"), encoding="utf-8") as source:
        lines = source.read().splitlines()
    return {name: next(i for i, line in enumerate(lines, 1) if text in line)
            for name, text in MARKS.items()}


LINES = find_lines()


def with_lines(text):
    """@protect@ becomes the number of that line."""
    return re.sub(r"@(\w+)@", lambda match: str(LINES[match[1]]), text)


class Story:
    """One recording in a folder of its own."""

    def __init__(self, checks, mapledger, shim, story, plugin, folder):
        self.checks, self.mapledger, self.folder = checks, mapledger, folder
        self.env = environment(MAPLEDGER_SHIM=shim)
        self.program, self.plugin = (os.path.join(folder, name) for name in ("story", "plugin.so"))
        shutil.copy(story, self.program)
        shutil.copy(plugin, self.plugin)
        self.pool = self.buffer = self.made = None

    def record(self, name, *arguments):
        done = run([self.mapledger, "run", "-q", "--force", "-o", name, self.program, self.plugin,
                    *arguments], self.folder, env=self.env)
        self.pool, self.buffer, self.made = done.stdout.decode().split()
        return done

    def ask(self, *arguments, code=0):
        done = run([self.mapledger, *arguments], self.folder)
        self.checks.same(done.returncode, code, f"{arguments}: {done.stderr}")
        return done.stdout.decode()

    def says(self, wanted, *arguments):
        got = self.ask(*arguments)
        wanted = with_lines(wanted)
        self.checks.check(wanted in got, f"{arguments} does not say '{wanted}':\n{got}")

    def stderr(self, *arguments):
        return run([self.mapledger, *arguments], self.folder).stderr.decode()


def alike(text):
    """Without what differs from run to run."""
    text = re.sub(r"\b(0x)?[0-9a-f]{8,16}\b", "ADDR", text)
    text = re.sub(r" +\d+\.\d{3} ms", " TIME", text)
    text = re.sub(r"\bt\d+ *", "TID ", text)
    text = re.sub(r"\bpid \d+", "pid PID", text)
    return re.sub(r"#\d+", "#N", text)


def why(story):
    got = alike(story.ask("why", hex(int(story.pool, 16) + 4096), "a.mlg"))
    wanted = """\
ADDR is r--p, anonymous memory: mapped by #N mmap (make_pool story.c:@make_pool@), last changed \
by #N mprotect (protect story.c:@protect@)
  page 2 of 2 of area N, ADDR-ADDR 8K; story, pid PID, at event #N (end)
   #N TIME  TID mapped    ---- -> rw-p  mmap(NULL, 16384, rw-, PRIVATE|ANONYMOUS) = ADDR
                                 by make_pool story.c:@make_pool@ < main story.c:@main_pool@
   #N TIME  TID changed   rw-p -> r--p  mprotect(ADDR, 4097, r--) = 0
                                 by protect story.c:@protect@ < seal_pool story.c:@seal_pool@ \
< main story.c:@main_seal@
                                 length rounded up 4097 -> 8192: its last 1 byte reached this page
"""
    got = re.sub(r"area \d+", "area N", re.sub(r" +#N +TIME", "   #N TIME", got))
    story.checks.same(got, with_lines(wanted), "why of the pool")
    story.says("seal_buffer", "why", "sym:story_buffer", "a.mlg")
    story.says(f"{story.buffer} is r--p", "why", "sym:story_buffer", "a.mlg")
    story.says("by plugin_make story_plugin.c:14 < use_plugin story.c:@use@ < main "
               "story.c:@main_use@",
               "why", story.made, "a.mlg")
    story.says("use_plugin story.c:@close@ via dlclose", "why", "lib:plugin", "a.mlg")
    story.says("seal_pool  ", "why", "--bt", story.pool, "a.mlg")
    story.says("(inlined)", "why", "--bt", story.pool, "a.mlg")


def why_json(story):
    said = json.loads(story.ask("why", "--json", story.pool, "a.mlg"))
    frames = [(frame["function"], frame.get("line"), frame["inlined"])
              for frame in said["history"][1]["stack"]][:3]
    story.checks.same(frames, [("protect", LINES["protect"], True),
                               ("seal_pool", LINES["seal_pool"], False),
                               ("main", LINES["main_seal"], False)], "frames in JSON")


def log_and_map(story):
    story.says("rw-p -> r--p    protect story.c:@protect@", "log", "-e", "mprotect", "--from",
               "^seal_pool$", "a.mlg")
    story.says("\n1 of ", "log", "-e", "mprotect", "--from", "^seal_pool$", "a.mlg")
    got = story.ask("log", "--module", "plugin.so", "-e", "mmap", "a.mlg")
    story.checks.same(got.count("plugin_make story_plugin.c:14"), 1, f"--module: {got}")
    # Behind functions of libc that only its separate debug file has names for.
    story.says("dlopen  ", "log", "--bt", "--from", "dlopen", "-n", "1", "a.mlg")
    got = story.ask("map", "--range", f"{story.pool}+16K", "a.mlg")
    wanted = with_lines(r"r--p  anon    make_pool story.c:@make_pool@ +#\d+ +#\d+ mprotect "
                        r"protect story.c:@protect@\n")
    story.checks.check(re.search(wanted, got), f"map names who: {got}")
    areas = json.loads(story.ask("map", "--json", "--range", story.pool, "a.mlg"))["areas"]
    story.checks.same([areas[0][key][0]["function"]
                       for key in ("mapped_by_stack", "changed_by_stack")],
                      ["make_pool", "protect"], "stacks of the map in JSON")


def top(story):
    rows = [json.loads(line) for line in story.ask("top", "--json", "a.mlg").splitlines()]
    pool = next(row for row in rows if row["site"].startswith("make_pool "))
    story.checks.same((pool["site"], pool["live_bytes"], pool["calls"], pool["failed"]),
                      (with_lines("make_pool story.c:@make_pool@  mmap"), 16384, 1, 0),
                      "a call site")
    story.says("main;seal_pool;protect;mprotect 1\n", "top", "--folded", "--by", "calls", "a.mlg")


def moments(story):
    got = story.ask("log", "--since", "main", "--until", "mark:after pool", "a.mlg")
    story.checks.check("mmap(NULL, 16384" in got and "mprotect(" not in got, f"main: {got}")
    story.checks.check(" mark before\n" in story.ask("log", "a.mlg"), "marks are in the log")
    range_ = f"{story.pool}+16K"
    story.says("nothing is mapped there", "map", "--at", "mark:before", "--range", range_, "a.mlg")
    story.says("16K rw-p", "map", "--at", "mark:after pool", "--range", range_, "a.mlg")
    story.checks.same(story.stderr("map", "--at", "mark:x", "a.mlg"),
                      "mapledger: a.mlg has no mark 'x'; its marks are: before, after pool\n",
                      "a mark that is not there")
    story.checks.same(story.stderr("why", "sym:no_such_thing", "a.mlg").splitlines()[-1],
                      "mapledger: a.mlg: no program or library that is mapped there has a symbol "
                      "'no_such_thing'", "a symbol that is not there")


def crash(story):
    done = story.record("crash.mlg", "crash")
    story.checks.same(done.returncode, -11, "it crashed")
    story.says("by main story.c:@main_crash@", "why", "fault", "crash.mlg")
    story.says("crashed in     main                  story.c:@main_crash@", "explain", "crash.mlg")
    story.says("r-xp, story: there before", "why", "pc", "crash.mlg")
    story.says("8K r--p", "map", "--at", "crash", "--range", "fault", "crash.mlg")


def elsewhere(story):
    """The same ledger on a machine without the program, and with its files in a folder."""
    root = os.path.join(story.folder, "root")
    os.makedirs(root + story.folder)
    os.rename(story.program, root + story.program)
    said = story.stderr("why", story.pool, "a.mlg")
    story.checks.same(said, f"mapledger: {story.program} can't be read: No such file or directory; "
                            "its frames have no names\n", "the program is missing")
    story.says("by story+0x", "why", story.pool, "a.mlg")
    story.says("by make_pool story.c:@make_pool@", "why", "--sysroot", root, story.pool, "a.mlg")
    shutil.copy("/bin/true", story.program)
    said = story.stderr("why", story.pool, "a.mlg")
    story.checks.same(said, f"mapledger: {story.program} on disk has another build-id than was "
                            "recorded; its frames have no names\n", "the program was changed")
    os.rename(root + story.program, story.program)


def stripped(story):
    """Without symbols the place in the file; with a separate debug file the names again."""
    if shutil.which("objcopy") is None:
        return
    def objcopy(*arguments):
        subprocess.run(["objcopy", *arguments], check=True, cwd=story.folder)
    objcopy("--only-keep-debug", "story", "symbols")
    objcopy("--strip-all", "story")
    story.says("by story+0x", "why", story.pool, "a.mlg")
    os.mkdir(os.path.join(story.folder, ".debug"))
    os.rename(os.path.join(story.folder, "symbols"),
              os.path.join(story.folder, ".debug/symbols"))
    objcopy("--add-gnu-debuglink=.debug/symbols", "story")
    story.says("by make_pool story.c:@make_pool@ < main story.c:@main_pool@", "why", story.pool,
               "a.mlg")


def main(mapledger, shim, program, plugin):
    checks = Checks()
    with scratch() as folder:
        story = Story(checks, mapledger, shim, program, plugin, os.path.realpath(folder))
        crash(story)
        done = story.record("a.mlg")
        checks.same(done.returncode, 0, f"the story is told: {done.stderr}")
        for part in (why, why_json, log_and_map, top, moments, elsewhere, stripped):
            part(story)
    checks.finish()


main(*(os.path.abspath(arg) for arg in sys.argv[1:]))
