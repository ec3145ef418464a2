# SPDX-License-Identifier: Apache-2.0
"""Every source file names its licence; every room has a meson.build that is used."""

import os
import sys
from fence import files_below, finish

LICENCE = "SPDX-License-Identifier: Apache-2.0"
SOURCES = (".c", ".h", ".S", ".py", ".sh", ".pl", ".js", ".rb", ".php", ".lua", ".scm", ".lisp",
           ".java", ".bash")
ROOMS = ["src", "bench"]  # each folder in them is a room


def is_source(path):
    if path.endswith(SOURCES):
        return True
    with open(path, "rb") as file:
        return file.read(2) == b"#!"


def licence_breaches(root, paths):
    for path in paths:
        with open(os.path.join(root, path), encoding="utf-8", errors="replace") as source:
            head = [source.readline() for _ in range(3)]
        if not any(LICENCE in line for line in head):
            yield f"{path}:1: no line '{LICENCE}'"


def folders_of(root):
    yield from ("include", "preload")
    for parent in ROOMS:
        yield parent
        for name in sorted(os.listdir(os.path.join(root, parent))):
            folder = os.path.join(parent, name)
            if os.path.isdir(os.path.join(root, folder)):
                yield folder


def folders_with_tests(root):
    """Tests may stand in folders without a meson.build, but one that is there is meant to be run."""
    tests = os.path.join(root, "tests")
    return [os.path.join("tests", name) for name in sorted(os.listdir(tests))
            if os.path.isfile(os.path.join(tests, name, "meson.build"))]


def meson_breaches(root):
    for folder in [*folders_of(root), *folders_with_tests(root)]:
        if not os.path.isfile(os.path.join(root, folder, "meson.build")):
            yield f"{folder}: no meson.build"
            continue
        parent = os.path.join(os.path.dirname(folder), "meson.build")
        with open(os.path.join(root, parent), encoding="utf-8") as build:
            if f"subdir('{os.path.basename(folder)}')" not in build.read():
                yield f"{parent}: does not enter {folder}"


def main(root):
    paths = files_below(root, ["src", "preload", "include", "tests", "bench", ".ci"], is_source)
    breaches = list(licence_breaches(root, paths)) + list(meson_breaches(root))
    finish(breaches, len(paths), "source files")


main(sys.argv[1])
