# SPDX-License-Identifier: Apache-2.0
"""
screens.py MAPLEDGER MAKE_LEDGER [--write]: what the screens look like

Each case is a command line on ledgers that never change; what it prints is in
golden/NAME.txt. --write makes the golden texts anew: read the difference before
you commit it.
"""

import json
import os
import re
import sys
from testing import HERE, Checks, environment, make, run, scratch

HEADER_EXECUTABLE = 768  # see struct ledger_header
HEADER_COMMAND = 1792
HEADER_UNRECORDED = 3088
HEADER_END = 3096

# how a process ended: scripts/crash_NAME.txt
CRASHES = ["sent", "no_address", "key", "bus", "allowed", "past_end", "odd"]

# name, exit code, arguments
SCREENS = [
    ("info", 0, ["info", "demo.mlg"]),
    ("info_equal", 0, ["info", "equal.mlg"]),
    ("info_flight", 0, ["flight.mlg"]),
    ("map", 0, ["map", "demo.mlg"]),
    ("map_start", 0, ["map", "--at", "start", "demo.mlg"]),
    ("map_at_4", 0, ["map", "--at", "#4", "demo.mlg"]),
    ("map_time", 0, ["map", "--at", "@260us", "--range", "7ffff7fb0000-7ffff7fd0000", "demo.mlg"]),
    ("map_gaps", 0, ["map", "--gaps", "--at", "-6", "demo.mlg"]),
    ("map_bytes", 0, ["map", "--bytes", "--range", "0x7ffff7fa0000+1M", "demo.mlg"]),
    ("map_maps", 0, ["map", "--format", "maps", "demo.mlg"]),
    ("map_color", 0, ["map", "--color", "always", "--range", "7ffff7f00000-7ffff7fd0000",
                      "demo.mlg"]),
    ("map_flight", 0, ["map", "flight.mlg"]),
    ("log", 0, ["log", "demo.mlg"]),
    ("log_strace", 0, ["log", "--format", "strace", "demo.mlg"]),
    ("log_failed", 0, ["log", "-Z", "demo.mlg"]),
    ("log_calls", 0, ["log", "-e", "!mmap,brk,resync", "demo.mlg"]),
    ("log_thread", 0, ["log", "--tid", "4243", "-n", "2", "demo.mlg"]),
    ("log_range", 0, ["log", "--range", "0x7ffff7fbe000", "demo.mlg"]),
    ("log_filters", 0, ["log", "-e", "%mem", "-z", "-wx", "demo.mlg"]),
    ("log_became", 0, ["log", "--became", "x", "demo.mlg"]),
    ("log_lost", 0, ["log", "--lost", "w", "-e", "!munmap", "demo.mlg"]),
    ("log_kind", 0, ["log", "--kind", "jit,data", "--size", "<1M", "demo.mlg"]),
    ("log_since", 0, ["log", "--since", "3", "--until", "@0.5ms", "demo.mlg"]),
    ("log_context", 0, ["log", "-Z", "-B", "1", "-A1", "--tid", "4243", "demo.mlg"]),
    ("log_context_tail", 0, ["log", "-e", "mprotect", "-C1", "-n", "1", "demo.mlg"]),
    ("log_library", 0, ["log", "--range", "path:*.db", "demo.mlg"]),
    ("log_csv", 0, ["log", "--format", "csv", "-e", "mmap,mprotect", "demo.mlg"]),
    ("map_filters", 0, ["map", "-w", "--kind", "anon,heap,stack", "--size", "16K-1M",
                        "demo.mlg"]),
    ("map_library", 0, ["map", "--range", "lib:libc", "demo.mlg"]),
    ("map_area", 0, ["map", "--range", "area:3", "--long", "demo.mlg"]),
    ("map_none", 0, ["map", "-wx", "--kind", "heap", "demo.mlg"]),
    ("log_flight", 0, ["log", "flight.mlg"]),
    ("why", 0, ["why", "0x7ffff7fbd040", "demo.mlg"]),
    ("why_at", 0, ["why", "0x7ffff7fbd040", "--at", "3", "demo.mlg"]),
    ("why_unmapped", 0, ["why", "7ffff7fbe000", "demo.mlg"]),
    ("why_never", 0, ["why", "0x7ffff7fa2040", "demo.mlg"]),
    ("why_area", 0, ["why", "--area", "0x7ffff7fbd040", "demo.mlg"]),
    ("why_library", 0, ["why", "lib:libc", "demo.mlg"]),
    ("why_stack", 0, ["why", "[stack]", "demo.mlg"]),
    ("why_flight", 0, ["why", "0x7ffff7fbc000", "flight.mlg"]),
    ("why_moved", 0, ["why", "0x7ffff4001234", "story.mlg"]),
    ("why_moved_range", 0, ["why", "0x7ffff4000000+20K", "story.mlg"]),
    ("why_lives", 0, ["why", "0x7ffff6001000", "story.mlg"]),
    ("why_tail", 0, ["why", "-n", "2", "0x7ffff6001000", "story.mlg"]),
    ("why_thread_stack", 0, ["why", "stack:4243", "story.mlg"]),
    ("why_unloaded", 0, ["why", "lib:libplug", "story.mlg"]),
    ("why_unseen", 0, ["why", "0x7ffff3000010", "story.mlg"]),
    ("why_gone_path", 0, ["why", "path:*db", "story.mlg"]),
    ("why_area_number", 0, ["why", "area:7", "story.mlg"]),
    ("top", 0, ["top", "demo.mlg"]),
    ("top_calls", 0, ["top", "--by", "calls", "-n", "2", "-z", "demo.mlg"]),
    ("top_folded", 0, ["top", "--folded", "--by", "bytes", "demo.mlg"]),
    ("diff", 1, ["diff", "start", "end", "demo.mlg"]),
    ("diff_moments", 1, ["diff", "1", "#9", "story.mlg"]),
    ("diff_gone", 1, ["diff", "start", "end", "story.mlg"]),
    ("diff_equal", 0, ["diff", "10", "end", "demo.mlg"]),
    ("diff_ledgers", 1, ["diff", "demo.mlg", "story.mlg"]),
    ("diff_relative", 1, ["diff", "--rel", "demo.mlg", "story.mlg"]),
    ("verify_equal", 0, ["verify", "equal.mlg"]),
    ("verify_different", 1, ["verify", "different.mlg"]),
    ("verify_checked", 1, ["verify", "checked.mlg"]),
    ("info_checked", 0, ["info", "checked.mlg"]),
    ("log_checked", 0, ["log", "checked.mlg"]),
    ("log_kinds", 0, ["log", "calls.mlg"]),
    ("log_kinds_strace", 0, ["log", "--format", "strace", "calls.mlg"]),
    ("log_kinds_csv", 0, ["log", "--format", "csv", "calls.mlg"]),
    ("log_kinds_json", 0, ["log", "--json", "calls.mlg"]),
    ("map_kinds", 0, ["map", "--long", "calls.mlg"]),
    ("map_kinds_at", 0, ["map", "--at", "23", "--long", "calls.mlg"]),
    ("map_mark", 0, ["map", "--at", "mark:half \"way\"", "--range", "0x7ffff6000000+64K",
                     "calls.mlg"]),
    ("why_kinds", 0, ["why", "0x7ffff6000000+64K", "calls.mlg"]),
    ("why_segment", 0, ["why", "0x7ffff4000000", "calls.mlg"]),
    ("why_ring", 0, ["why", "0x7ffff3000000", "calls.mlg"]),
    ("why_twice", 0, ["why", "0x7ffff5900000", "calls.mlg"]),
    ("why_heap", 0, ["why", "0x555555571000", "calls.mlg"]),
    ("diff_kinds", 1, ["diff", "start", "end", "calls.mlg"]),
    ("top_kinds", 0, ["top", "--by", "calls", "calls.mlg"]),
    ("info_kinds", 0, ["info", "calls.mlg"]),
    ("info_troubles", 0, ["info", "troubles.mlg"]),
    ("info_executed", 0, ["info", "executed.mlg"]),
    ("audit_refused", 1, ["audit", "refused.mlg"]),
    ("audit_granted", 0, ["audit", "granted.mlg"]),
    *((f"{command}_crash_{crash}", 0, [command, f"crash_{crash}.mlg"])
      for crash in CRASHES for command in ("log", "explain")),
    ("verify_nothing", 3, ["verify", "demo.mlg"]),
    ("help", 0, ["help"]),
    ("help_map", 0, ["map", "--help"]),
    ("help_top", 0, ["help", "top"]),
    ("help_diff", 0, ["help", "diff"]),
    ("help_why", 0, ["help", "why"]),
    ("help_run", 0, ["help", "record"]),
]

JSON = [["info", "--json", "demo.mlg"], ["info", "--json", "flight.mlg"],
        ["map", "--json", "demo.mlg"], ["map", "--json", "flight.mlg"],
        ["log", "--json", "demo.mlg"], ["log", "--json", "flight.mlg"],
        ["top", "--json", "demo.mlg"], ["diff", "--json", "start", "end", "story.mlg"], ["why", "--json", "[stack]", "demo.mlg"], ["why", "--json", "path:*db", "story.mlg"],
        ["verify", "--json", "equal.mlg"], ["verify", "--json", "different.mlg"],
        ["verify", "--json", "demo.mlg"], ["verify", "--json", "checked.mlg"],
        ["log", "--json", "checked.mlg"],
        ["info", "--json", "troubles.mlg"], ["info", "--json", "executed.mlg"],
        ["audit", "--json", "refused.mlg"], ["audit", "--json", "granted.mlg"],
        ["map", "--json", "calls.mlg"], ["top", "--json", "calls.mlg"],
        ["why", "--json", "0x7ffff6000000+64K", "calls.mlg"], ["info", "--json", "calls.mlg"],
        *([command, "--json", f"crash_{crash}.mlg"]
          for crash in CRASHES for command in ("log", "explain"))]


def normal(text):
    """Sizes on disk differ between file systems."""
    return re.sub(rb"\([0-9.]+[KM]? on disk\)", b"(SIZE on disk)", text)


def compare(checks, name, got, write):
    path = os.path.join(HERE, "golden", name + ".txt")
    if write:
        with open(path, "wb") as golden:
            golden.write(got)
        return
    with open(path, "rb") as golden:
        wanted = golden.read()
    checks.check(got == wanted, f"{name} looks different; got:\n{got.decode(errors='replace')}"
                                f"wanted:\n{wanted.decode(errors='replace')}")


def screens(checks, mapledger, folder, write):
    for name, code, arguments in SCREENS:
        done = run([mapledger] + arguments, folder)
        checks.same(done.returncode, code, f"exit code of {name}: {done.stderr}")
        checks.same(done.stderr, b"", f"stderr of {name}")
        compare(checks, name, normal(done.stdout), write)


def no_floats(pairs):
    for key, value in pairs:
        assert not isinstance(value, float), key
    return dict(pairs)


def json_lines(checks, mapledger, folder):
    for arguments in JSON:
        done = run([mapledger] + arguments, folder)
        lines = done.stdout.decode("utf-8").splitlines()
        checks.check(lines, f"{arguments} prints nothing")
        for line in lines:
            json.loads(line, object_pairs_hook=no_floats)


def json_facts(checks, mapledger, folder):
    def ask(*arguments):
        return [json.loads(line) for line in run([mapledger, *arguments], folder)
                .stdout.splitlines()]
    log = ask("log", "--json", "demo.mlg")
    calls = [row for row in log if row["type"] == "call"]
    checks.same([row["event"] for row in calls], list(range(1, 11)), "every event is in the log")
    checks.same(calls[3]["args"][:2], ["0x7ffff7fbc000", "0x1001"], "arguments are strings")
    checks.same(calls[4]["errno"], 22, "an error is a number")
    checks.same(calls[3]["changed_bytes"], 8192, "what mprotect changed")
    areas = ask("map", "--json", "--at", "3", "demo.mlg")[0]["areas"]
    checks.check({"start": "0x7ffff7fbc000", "end": "0x7ffff7fc0000"}.items()
                 <= next(a for a in areas if a["since"] == 3).items(), "the area of event 3")
    name = ask("map", "--json", "flight.mlg")[0]["areas"][0]["name"]
    checks.same(name, '/tmp/a\x1b[31m\ufffd\u00e9 "b\\', "a name is repaired")
    why = ask("why", "--json", "0x7ffff4001234", "story.mlg")[0]
    checks.same([(fact["event"], fact["what"]) for fact in why["history"]],
                [(1, "mapped"), (2, "changed"), (5, "moved in"), (6, "advised"),
                 (11, "moved in")], "memory that moved is followed")
    checks.same(why["history"][4]["moved_from"], "0x7ffff5001000", "where it came from")
    why = ask("why", "--json", "0x7ffff6002fff", "--at", "4", "story.mlg")[0]
    checks.same([(fact["event"], fact["what"]) for fact in why["history"]],
                [(1, "mapped"), (2, "changed"), (3, "refused"), (4, "no change")],
                "what changed nothing is told")
    checks.same((why["history"][1]["length_asked"], why["history"][1]["length_rounded"]),
                (4097, 8192), "a length that was rounded")
    diff = ask("diff", "--json", "1", "9", "story.mlg")[0]
    checks.same([(row["change"], row["start"], row["event"]) for row in diff["differences"]],
                [("added", "0x7ffff5000000", 5), ("added", "0x7ffff5001000", 5),
                 ("added", "0x7ffff5003000", 5), ("removed", "0x7ffff6000000", 5)],
                "who made the differences")
    verdict = ask("verify", "--json", "different.mlg")[0]
    checks.same(verdict["n_differences"], 2, "differences in JSON")
    checks.same(verdict["equal"], False, "not equal in JSON")
    verdict = ask("verify", "--json", "checked.mlg")[0]
    checks.same(verdict["n_differences"], 0, "at the end there is no difference")
    checks.same(verdict["checks"]["first_event"], 2, "the call is named")
    checks.same(verdict["checks"]["first_difference"][0]["kind"], "prot", "and what differed")
    checks.same(ask("info", "--json", "equal.mlg")[0]["exit_status"], 3, "exit status in JSON")
    refused = ask("audit", "--json", "refused.mlg")[0]["findings"]
    checks.same(sorted(row["event"] for row in refused if row["rule"] == "U08"),
                [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14, 15, 16, 17], "each refused call once")
    checks.same(ask("audit", "--json", "granted.mlg")[0]["findings"], [], "none of those granted")


def colors(checks, mapledger, folder):
    plain = run([mapledger, "map", "demo.mlg"], folder).stdout
    checks.check(b"\033" not in plain, "no colour into a pipe")
    for env in (environment(NO_COLOR="1"), environment(TERM="dumb")):
        checks.same(run([mapledger, "map", "demo.mlg"], folder, env=env).stdout, plain,
                    "no colour when it is not wanted")


def without_files(checks, mapledger, folder):
    """Places instead of names, and one line on stderr for each file."""
    done = run([mapledger, "log", "stacks.mlg"], folder)
    checks.same([line.split("  ")[-1] for line in done.stdout.decode().splitlines()[1:]],
                ["prog+0xff", "jit 0x7ffff6ff000f < prog+0x1233".split(" <")[0],
                 "? 0xfff"], "frames without names")
    checks.same(done.stderr.decode().splitlines(),
                [f"mapledger: /nonexistent/{name} can't be read: No such file or directory; "
                 "its frames have no names" for name in ("libc.so.6", "prog")],
                "files that are missing")
    why = run([mapledger, "why", "7ffff6001000", "stacks.mlg"], folder).stdout.decode()
    checks.check("by jit 0x7ffff6ff000f < prog+0x1233\n" in why, f"the line of a stack: {why}")


def controls_in_json(checks, mapledger, make_ledger, folder):
    """Of JSON, too, a terminal obeys nothing that a program chose."""
    name = "a\x01b\x7fc\u009b31m\u00e9"
    make(make_ledger, "demo", folder, "controls.mlg")
    with open(os.path.join(folder, "controls.mlg"), "r+b") as file:
        file.seek(HEADER_COMMAND)
        file.write(name.encode() + b"\0")
    said = run([mapledger, "info", "--json", "controls.mlg"], folder).stdout.decode()
    checks.same(json.loads(said)["command"][0], name, "a name with control characters")
    checks.check(not any(c < " " or "\x7f" <= c <= "\x9f" for c in said[:-1]),
                 f"has none in the text: {said!r}")


# enum ledger_end: why no more was recorded, None when the process just ended
ENDS = {0: None, 1: None, 2: "the disk was full", 3: "the map became too big for --max-size",
        4: "its window into the file could not be moved",
        5: "the program confined itself with seccomp", 99: "of an unknown reason"}


def patched(folder, name, *changes):
    """demo.mlg with other bytes in its header."""
    with open(os.path.join(folder, "demo.mlg"), "rb") as file:
        data = bytearray(file.read())
    for at, value in changes:
        data[at:at + len(value)] = value
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data)


def ends(checks, mapledger, folder):
    """A recording that stopped is said to have, with the reason, and no other is."""
    for end, reason in ENDS.items():
        patched(folder, "end.mlg", (HEADER_END, end.to_bytes(4, "little")),
                (HEADER_UNRECORDED, (7).to_bytes(8, "little")))
        said = run([mapledger, "info", "end.mlg"], folder).stdout.decode().splitlines()[0]
        wanted = f"recording stopped early, because {reason}; 7 calls missed"
        checks.check((wanted in said) if reason else ("stopped early" not in said),
                     f"a ledger with end {end}: {said}")


def names_of_programs(checks, mapledger, folder):
    """The executable's, else the command's first word, else a question mark."""
    for executable, command, name in ((b"/a/b\0", b"/c/d\0", "b"), (b"\0", b"/c/d\0", "d"),
                                      (b"\0", b"\0", "?"), (b"e\0", b"\0", "e")):
        patched(folder, "name.mlg", (HEADER_EXECUTABLE, executable), (HEADER_COMMAND, command))
        said = run([mapledger, "info", "name.mlg"], folder).stdout.decode()
        checks.check(said.startswith(name + ", pid 4242, "), f"is named {name}: {said[:40]}")


def coverage_table(checks, mapledger, folder):
    """Each row of the README's table has all its columns, and says how it is caught."""
    rows, _, legend = run([mapledger, "help", "coverage"], folder).stdout.decode().partition("\n\n")
    ways = re.findall(r"^\* \*([\w, ]+)\*: .+$", legend, re.M)
    checks.same(len(ways), len(legend.splitlines()), f"each way is explained: {legend}")
    for row in rows.splitlines()[2:]:
        cells = row.split(" | ")
        checks.check(len(cells) == 5 and cells[1] in ways, f"a row of the table: {row}")
    checks.check(len(rows.splitlines()) > 40, "and there are many rows")


def families(checks, mapledger, make_ledger, folder):
    os.mkdir(os.path.join(folder, "root.mlg.d"))
    make(make_ledger, "equal", folder, "root.mlg")
    make(make_ledger, "child", folder, "root.mlg.d/kid.5000.0.mlg")
    make(make_ledger, "different", folder, "root.mlg.d/odd.5001.0.mlg")
    done = run([mapledger, "verify", "--all", "root.mlg"], folder)
    checks.same(done.returncode, 1, "the worst verdict of a family counts")
    checks.same(len([l for l in done.stdout.splitlines() if b".mlg: " in l]), 3,
                "one verdict for each ledger of a family")
    info = json.loads(run([mapledger, "info", "--json", "root.mlg.d/kid.5000.0.mlg"],
                          folder).stdout)
    checks.same(info["parent_ledger"], "root.mlg", "a child's parent is found")
    info = json.loads(run([mapledger, "info", "--json", "root.mlg"], folder).stdout)
    checks.same(info["n_child_ledgers"], 2, "children are counted")


def main(mapledger, make_ledger, *rest):
    checks = Checks()
    with scratch() as folder:
        for script in ("demo", "equal", "different", "flight", "story", "stacks", "checked",
                       "calls", "troubles", "executed", "refused", "granted",
                       *(f"crash_{crash}" for crash in CRASHES)):
            make(make_ledger, script, folder, script + ".mlg")
        screens(checks, mapledger, folder, "--write" in rest)
        json_lines(checks, mapledger, folder)
        json_facts(checks, mapledger, folder)
        without_files(checks, mapledger, folder)
        colors(checks, mapledger, folder)
        controls_in_json(checks, mapledger, make_ledger, folder)
        ends(checks, mapledger, folder)
        coverage_table(checks, mapledger, folder)
        names_of_programs(checks, mapledger, folder)
        families(checks, mapledger, make_ledger, folder)
    checks.finish()


main(*(os.path.abspath(arg) if os.path.exists(arg) else arg for arg in sys.argv[1:]))
