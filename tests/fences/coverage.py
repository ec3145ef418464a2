# SPDX-License-Identifier: Apache-2.0
"""README.md contains the table that `mapledger help coverage' prints, and each test named there is one.

usage: coverage.py MAPLEDGER ROOT
"""

import os
import re
import sys
from fence import files_below, finish, tool

BEGIN = "<!-- mapledger help coverage -->\n"
END = "<!-- end of coverage -->"


def in_readme(root):
    with open(os.path.join(root, "README.md"), encoding="utf-8") as file:
        text = file.read()
    if BEGIN not in text or END not in text:
        return ""
    return text.split(BEGIN)[1].split(END)[0].strip()


def is_test(path, function):
    """A Criterion test, a row of a victim's steps or a function, or a function of a script."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    name = re.escape(function)
    return re.search(rf"^Test\(\w+, {name}\b|^static (void|int) {name}\(|^def {name}\(", text,
                     re.MULTILINE) is not None


def tests_named(table):
    """The last column: "file function, file function"."""
    for row in table.splitlines()[2:]:
        if not row.startswith("| "):
            break
        cells = [cell.strip() for cell in row.strip("| \n").split(" | ")]
        yield from (name.strip() for name in cells[-1].split(","))


def main(mapledger, root):
    table = tool(mapledger, "help", "coverage").strip()
    breaches = []
    if in_readme(root) != table:
        breaches.append("README.md: its table of coverage is not what `mapledger help coverage' "
                        "prints; put that between the two comments")
    tests = {os.path.basename(path): os.path.join(root, path)
             for path in files_below(root, ["tests"], lambda path: path.endswith((".c", ".py")))}
    names = list(tests_named(table))
    for name in names:
        file, _, function = name.partition(" ")
        if file not in tests or not is_test(tests[file], function):
            breaches.append(f"src/vma/vm_entry_points.c: there is no test {name!r}")
    finish(breaches, len(names), "tests named")


main(*sys.argv[1:])
