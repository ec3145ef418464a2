#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The cache of call sites saves reading, and nothing in it is believed.

usage: site_cache.py MAPLEDGER SHIM
"""

import json
import os
import random
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

HEAD = struct.Struct("<5Q")  # magic, rules, offset, size, number of places


def sites(mapledger, shim, folder):
    """How many sites are patched in a program that must do what it does without."""
    ledger = Path(folder) / "cache.mlg"
    environment = dict(os.environ, MAPLEDGER_SHIM=shim, XDG_CACHE_HOME=folder)
    done = subprocess.run([mapledger, "run", "-q", "--force", "-o", ledger, "--", "sh", "-c",
                           "echo $((6*7))"], env=environment, capture_output=True, text=True)
    if done.returncode != 0 or done.stdout != "42\n":
        print("FAILED:", done)
        sys.exit(1)
    said = subprocess.run([mapledger, "info", "--json", ledger], capture_output=True, text=True)
    return json.loads(said.stdout)["n_sites_patched"]


def files(folder):
    return [file for file in (folder / "mapledger").iterdir() if not file.name.startswith(".")]


def rewrite(originals, change):
    for file, data in originals.items():
        file.unlink()
        change(file, data)


def false_places(file, data):
    magic, rules, offset, size, _ = HEAD.unpack(data[:HEAD.size])
    places = [random.randrange(offset, offset + size - 2) for _ in range(250)]
    file.write_bytes(HEAD.pack(magic, rules, offset, size, len(places)) +
                     struct.pack(f"<{len(places)}Q", *places))
    file.chmod(0o600)


def linked(file, data):
    other = file.with_name(".other" + file.name)
    other.write_bytes(data[:HEAD.size - 8] + bytes(8))
    file.symlink_to(other)


def with_bytes(text):
    return lambda file, data: file.write_bytes(text(data))


def main():
    mapledger, shim = sys.argv[1:]
    random.seed(os.environ.get("ML_TEST_SEED", "4711"))
    good = []

    def check(what, value):
        if not value:
            print("FAILED:", what)
        good.append(bool(value))

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        expected = sites(mapledger, shim, name)
        if expected == 0:
            print("no sites are patched here")
            return 77
        originals = {file: file.read_bytes() for file in files(folder)}
        check("files are written", originals)
        check("from the cache, the same sites", sites(mapledger, shim, name) == expected)
        rewrite(originals, with_bytes(lambda data: data[:HEAD.size - 8] + bytes(8)))
        check("it is used", sites(mapledger, shim, name) < expected)
        for what, change in (("cut short", with_bytes(lambda data: data[:HEAD.size + 3])),
                             ("too long", with_bytes(lambda data: data + b"x")),
                             ("empty", with_bytes(lambda data: b"")),
                             ("of other rules", with_bytes(lambda data: data[:8] + bytes(8) +
                                                           data[16:])),
                             ("links", linked)):
            rewrite(originals, change)
            check(what + " is passed over", sites(mapledger, shim, name) == expected)
        rewrite(originals, false_places)
        for _ in range(3):
            check("false places do no harm", sites(mapledger, shim, name) < expected)
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "mapledger").mkdir()
        (Path(name) / "mapledger").chmod(0o777)
        check("a folder of everybody's: the sites", sites(mapledger, shim, name) == expected)
        check("... and nothing is written", files(Path(name)) == [])
    return 0 if all(good) else 1


sys.exit(main())
