# SPDX-License-Identifier: Apache-2.0
"""The shim shows the program exactly the symbols of preload/libmapledger.map.

Looked at twice: in the library, and in the objects of preload/ that it is linked
from, where a symbol that the list hides would still be meant to be seen. (Other
rooms' objects, named ".._src_...", show the public functions of the memory set.)
"""

import glob
import re
import sys
from fence import finish, tool


def listed(path):
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.DOTALL)
    body = re.search(r"global:(.*?)(?:local:|\})", text, re.DOTALL)[1]
    return {name.strip() for name in body.split(";") if name.strip()}


def exported(shim):
    return {line.split()[-1].split("@")[0]
            for line in tool("nm", "-D", "--defined-only", shim).splitlines()}


def meant_to_be_seen(shim):
    """Global symbols of default visibility that the objects of preload/ define."""
    folder = shim.rsplit("/", 1)[0]
    names = set()
    for path in glob.glob(f"{folder}/*.p/*.o"):
        for line in tool("readelf", "--wide", "--syms", path).splitlines():
            field = line.split()
            if len(field) == 8 and field[4] in ("GLOBAL", "WEAK") and \
                    field[5] == "DEFAULT" and field[6] != "UND":
                names.add(field[7])
    return names


def main(shim, version_script):
    expected = listed(version_script)
    breaches = []
    for names, where in (exported(shim), "the library"), (meant_to_be_seen(shim), "an object"):
        breaches += [f"{name}: visible in {where}, but not in the list" for name in
                     sorted(names - expected)]
        breaches += [f"{name}: in the list, but not visible in {where}" for name in
                     sorted(expected - names)]
    finish(breaches, len(expected), "symbols")


main(sys.argv[1], sys.argv[2])
