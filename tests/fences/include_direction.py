# SPDX-License-Identifier: Apache-2.0
"""Each room may include itself and what stands left of it; nothing points right.

include <- base <- unwind <- memory_set <- vma <- ledger <- { audit, symbolize <- query <- cli | preload }

The rooms within preload and cli only look downwards, too; below there is a row for each.
"""

import os
import re
import sys
from fence import files_below, finish

COMMON = ["include", "base", "unwind", "memory_set", "vma", "ledger"]

MAY_INCLUDE = {room: COMMON[:i + 1] for i, room in enumerate(COMMON)}
MAY_INCLUDE["audit"] = COMMON + ["audit"]
MAY_INCLUDE["symbolize"] = COMMON + ["symbolize"]
MAY_INCLUDE["query"] = COMMON + ["audit", "symbolize", "query"]
MAY_INCLUDE["cli"] = COMMON + ["audit", "symbolize", "query", "cli"]
MAY_INCLUDE["demo"] = ["demo"]
MAY_INCLUDE["preload"] = COMMON + ["preload"]

# The rooms within a room: each with those of its neighbours that it may include. What lies
# in no folder of its own stands above all.
SUBROOMS = {
    "preload": {
        "shim": [],
        "threads": ["shim"],
        "stacks": ["threads", "shim"],
        "map": ["stacks", "threads", "shim"],
        "sites": ["map", "threads", "shim"],
        "record": ["sites", "stacks", "map", "threads", "shim"],
        "crash": ["record", "stacks", "map", "threads", "shim"],
        "capture": ["crash", "record", "sites", "map", "threads", "shim"],
    },
    "cli": {
        "text": [],
        "options": ["text"],
        "run": ["options", "text"],
        "report": ["options", "text"],
        "commands": ["report", "run", "options", "text"],
    },
}

# The shim writes ledgers, it never reads them.
PRELOAD_FROM_LEDGER = {"src/ledger/ledger_format.h", "src/ledger/ledger_writer.h"}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def room_of(path):
    parts = path.split(os.sep)
    return parts[1] if parts[0] == "src" and len(parts) > 2 else parts[0]


def resolve(root, path, quoted, name):
    """The file of this project that an include means, or None for the system's."""
    places = ([os.path.dirname(path)] if quoted else []) + ["include", "src", "preload"]
    for place in places:
        candidate = os.path.normpath(os.path.join(place, name))
        if os.path.isfile(os.path.join(root, candidate)):
            return candidate
    return None


def subroom_of(path):
    """The folder that a file of a divided room lies in; None for the top."""
    parts = path.split(os.sep)
    parts = parts[1:] if parts[0] == "src" else parts
    return parts[1] if len(parts) > 2 and parts[1] in SUBROOMS.get(parts[0], {}) else None


def breach_within(room, path, target):
    """Of a divided room: does the include point upwards?"""
    here, there = subroom_of(path), subroom_of(target)
    if here is None or here == there:
        return None
    if there is None:
        return f"'{here}' must not include what stands above it"
    if there not in SUBROOMS[room][here]:
        return f"'{here}' must not include '{there}'"
    return None


def breach(path, target):
    room = room_of(path)
    if room not in MAY_INCLUDE:
        return f"room '{room}' is not in the picture; add it to include_direction.py"
    if room_of(target) not in MAY_INCLUDE[room]:
        return f"'{room}' must not include '{room_of(target)}'"
    if room == "preload" and room_of(target) == "ledger" and target not in PRELOAD_FROM_LEDGER:
        return "the shim uses the ledger's format and writer only"
    if room in SUBROOMS and room == room_of(target):
        return breach_within(room, path, target)
    return None


def main(root):
    breaches = []
    checked = 0
    sources = files_below(root, ["include", "src", "preload"],
                          lambda path: path.endswith((".c", ".h", ".S")))
    for path in sources:
        with open(os.path.join(root, path), encoding="utf-8") as source:
            for number, line in enumerate(source, 1):
                match = INCLUDE.match(line)
                target = match and resolve(root, path, match[1] == '"', match[2])
                if not target:
                    continue
                checked += 1
                why = breach(path, target)
                if why:
                    breaches.append(f"{path}:{number}: includes {target}: {why}")
    finish(breaches, checked, "includes")


main(sys.argv[1])
