# SPDX-License-Identifier: Apache-2.0
"""A table of coverage: all, each room, each file."""

import os
from collections import defaultdict
from dataclasses import dataclass


@dataclass
class Count:
    hit: int = 0
    total: int = 0

    def __add__(self, other):
        return Count(self.hit + other.hit, self.total + other.total)

    def __str__(self):
        if self.total == 0:
            return f"{'-':>7} {'':>13}"
        return f"{100 * self.hit / self.total:5.1f} % {f'{self.hit}/{self.total}':>13}"


def row(name, counts):
    print(f"{name:44}" + "".join(f"  {count}" for count in counts))


def total(rows):
    return [sum(column, Count()) for column in zip(*rows)]


def print_table(columns, files):
    """@files: {path: a Count per column}."""
    rooms = defaultdict(dict)
    for path, counts in files.items():
        rooms[os.path.dirname(path)][path] = counts
    print(f"{'':44}" + "".join(f"  {name:>21}" for name in columns))
    row("all", total(files.values()))
    for room in sorted(rooms):
        print()
        row(room + "/", total(rooms[room].values()))
        for path in sorted(rooms[room]):
            row("    " + os.path.basename(path), rooms[room][path])
