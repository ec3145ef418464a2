# SPDX-License-Identifier: Apache-2.0
"""No two files call each other in a circle, and what is public stands in its file's own header.

circles.py SOURCE FOLDER...: each FOLDER holds the compiled objects of a library, all of
one program.

Asked of the compiled objects, not of the includes: a file that declares for itself what
another one defines, or has it from a header that says too much, is seen, too. An arrow
a -> b means that a.o refers to a symbol, function or data, that b.o defines.
"""

import glob
import os
import re
import sys
from fence import finish, tool

# A header of these rooms may speak for several files.
FAMILIES = ("src/memory_set/", "src/ledger/", "src/unwind/", "src/base/", "src/vma/", "src/symbolize/")


def object_name(path):
    """preload/record_recorder.c. Assembly belongs to the C file of its name."""
    room = os.path.basename(os.path.dirname(os.path.dirname(path)))
    name = re.sub(r"_(x86_64|aarch64)\.S$", ".c", os.path.basename(path).removesuffix(".o"))
    return f"{room}/{name}"


def read_objects(folders):
    """{object: ({symbols it defines}, {symbols it needs})}"""
    objects = {}
    for path in sorted(path for folder in folders for path in glob.glob(f"{folder}/*.o")):
        defines, needs = objects.setdefault(object_name(path), (set(), set()))
        for line in tool("nm", "--extern-only", path).splitlines():
            *_, kind, name = line.split()
            (needs if kind in "Uwv" else defines).add(name)
    return objects


def arrows_of(objects):
    """{object: {object it refers to: [symbols]}}"""
    owner = {name: file for file, (defines, _) in objects.items() for name in defines}
    arrows = {file: {} for file in objects}
    for file, (_, needs) in objects.items():
        for name in sorted(needs):
            if owner.get(name, file) != file:
                arrows[file].setdefault(owner[name], []).append(name)
    return arrows


def circles_of(arrows):
    """The strongly connected parts of more than one file (Tarjan's algorithm)."""
    order, low, stack, found = {}, {}, [], []

    def visit(file):
        order[file] = low[file] = len(order)
        stack.append(file)
        for other in arrows[file]:
            if other not in order:
                visit(other)
            if other in stack:
                low[file] = min(low[file], low[other])
        if low[file] == order[file]:
            part = stack[stack.index(file):]
            del stack[stack.index(file):]
            if len(part) > 1:
                found.append(sorted(part))

    for file in arrows:
        if file not in order:
            visit(file)
    return found


def say_circle(part, arrows):
    lines = [f"{len(part)} files call each other in a circle: {', '.join(part)}"]
    lines += [f"    {file} -> {other}: {', '.join(names[:4])}"
              for file in part for other, names in arrows[file].items() if other in part]
    return "\n".join(lines)


# --------------------------------------------------------------- whose header says it


def sources_below(root):
    """{meson's name of an object: [paths of sources that it may be made from]}"""
    found = {}
    for top in ("src", "preload"):
        for place, _, files in os.walk(os.path.join(root, top)):
            for file in files:
                if not file.endswith(".c"):
                    continue
                path = os.path.relpath(os.path.join(place, file), root)
                parts = path.split(os.sep)
                for first in range(len(parts)):  # meson writes a folder's slash as an underscore
                    found.setdefault("_".join(parts[first:]), []).append(path)
    return found


def code_of(path):
    """The text of a header without its comments."""
    with open(path, encoding="utf-8") as header:
        return re.sub(r"/\*.*?\*/|//[^\n]*", "", header.read(), flags=re.S)


def header_breaches(root, objects, arrows):
    sources = sources_below(root)
    used = {}
    for others in arrows.values():
        for owner, names in others.items():
            used.setdefault(owner, set()).update(names)
    for name, symbols in sorted(used.items()):
        paths = sources.get(name.split("/")[1], [])
        if len(paths) != 1 or paths[0].startswith(FAMILIES):
            continue
        header = os.path.join(root, paths[0][:-2] + ".h")
        text = code_of(header) if os.path.isfile(header) else ""
        for symbol in sorted(symbols):
            if not re.search(rf"\b{re.escape(symbol)}\b", text):
                yield f"{paths[0]}: {symbol} is used by others, and is not in its header"


def main(root, folders):
    objects = read_objects(folders)
    arrows = arrows_of(objects)
    breaches = [say_circle(part, arrows) for part in circles_of(arrows)]
    breaches += header_breaches(root, objects, arrows)
    finish(breaches, len(objects), "objects")


main(os.path.realpath(sys.argv[1]), sys.argv[2:])
