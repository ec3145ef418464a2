# SPDX-License-Identifier: Apache-2.0
"""Each room may include itself and what stands left of it; nothing points right.

include <- base <- unwind <- memory_set <- vma <- ledger <- { audit, symbolize <- query <- cli | preload }
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

# The shim writes ledgers, it never reads them.
PRELOAD_FROM_LEDGER = {"src/ledger/ledger_format.h", "src/ledger/ledger_writer.h"}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def room_of(path):
    parts = path.split(os.sep)
    return parts[1] if parts[0] == "src" and len(parts) > 2 else parts[0]


def resolve(root, path, quoted, name):
    """The file of this project that an include means, or None for the system's."""
    places = ([os.path.dirname(path)] if quoted else []) + ["include", "src"]
    for place in places:
        candidate = os.path.normpath(os.path.join(place, name))
        if os.path.isfile(os.path.join(root, candidate)):
            return candidate
    return None


def breach(path, target):
    room = room_of(path)
    if room not in MAY_INCLUDE:
        return f"room '{room}' is not in the picture; add it to include_direction.py"
    if room_of(target) not in MAY_INCLUDE[room]:
        return f"'{room}' must not include '{room_of(target)}'"
    if room == "preload" and room_of(target) == "ledger" and target not in PRELOAD_FROM_LEDGER:
        return "the shim uses the ledger's format and writer only"
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
