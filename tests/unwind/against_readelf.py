#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every row of the unwind tables of real libraries, as binutils reads it.

usage: against_readelf.py PRINT_RULES LIBRARY...

`readelf -wF` interprets the same bytes with other code. Where it says "exp" (an
expression) it does not tell what comes out, so there only our own limits are checked.
"""

import os
import re
import shutil
import subprocess
import sys

SKIP = 77
BASES = {"rsp": "sp", "rbp": "bp", "rbx": "bx"}


def installed(name):
    """A library's path, however it is named."""
    if "/" in name:
        return name if os.path.exists(name) else None
    for line in subprocess.run(["ldconfig", "-p"], capture_output=True, text=True,
                               env={"PATH": "/sbin:/usr/sbin:/bin:/usr/bin"}).stdout.splitlines():
        field = line.split()
        if field and field[0] == name and "x86-64" in line:
            return field[-1]
    return None


def rows_of(library):
    """address -> {column: text}; the last row of an address counts."""
    text = subprocess.run(["readelf", "-wF", library], capture_output=True, text=True,
                          env={"PATH": os.environ["PATH"], "LC_ALL": "C"}).stdout
    rows, signal, columns, in_fde = {}, set(), [], False
    augmentation = {}
    section = None
    for line in text.splitlines():
        if line.startswith("Contents of the"):
            section = line.split()[3]
        if section != ".eh_frame":
            continue
        head = re.match(r"([0-9a-f]+) [0-9a-f]+ [0-9a-f]+ (CIE|FDE)(.*)", line)
        if head:
            in_fde = head[2] == "FDE"
            if not in_fde:
                augmentation[head[1]] = head[3]
            else:
                cie = re.search(r"cie=([0-9a-f]+) pc=([0-9a-f]+)\.\.([0-9a-f]+)", head[3])
                is_signal = "S" in augmentation.get(cie[1], "").split('"')[1]
            continue
        field = line.replace(" (", "(").split()  # "r3 (rbx)" is one column
        if field[:1] == ["LOC"]:
            columns = field[1:]
        elif in_fde and columns and re.fullmatch(r"[0-9a-f]{16}", field[0] if field else ""):
            address = int(field[0], 16)
            rows[address] = dict(zip(columns, field[1:]))
            if is_signal:
                signal.add(address)
    return rows, signal


def wanted_slot(text):
    """What our slot may be, or None: anything."""
    if text is None or text in ("u", "s"):
        return {"same", "lost"}
    match = re.fullmatch(r"c([+-]\d+)", text)
    if match and int(match[1]) % 8 == 0:
        return {str(int(match[1]) // 8)}
    if text == "exp":
        return None
    return {"lost"}


def complaint(row, kind, offset, bp, bx, pc):
    cfa = re.fullmatch(r"(r\w+)([+-]\d+)", row["CFA"])
    pc_wanted = row.get("ra")
    if pc_wanted == "u":
        return None if kind == "outermost" else "is the outermost frame"
    if cfa and cfa[1] not in BASES:
        return None if kind == "complex" else "hangs on a register that is not followed"
    if kind == "complex":
        if row["CFA"] == "exp" or pc_wanted == "exp" or not re.fullmatch(r"c-\d+", pc_wanted):
            return None
        return "is not complex"
    if cfa and (kind, offset) != (BASES[cfa[1]], cfa[2].lstrip("+")):
        return "has another CFA"
    for slot, column in (bp, "rbp"), (bx, "rbx"), (pc, "ra"):
        wanted = wanted_slot(row.get(column))
        if wanted is not None and slot not in wanted:
            return f"has another {column}"
    return None


def check(print_rules, library):
    rows, signal = rows_of(library)
    asked = "\n".join(f"{address:x}" for address in rows)
    # The shim is one of the libraries, and is not to record who loads it.
    environment = dict(os.environ, MAPLEDGER_OPTIONS="root=1:follow=none")
    answers = subprocess.run([print_rules, library], input=asked, capture_output=True, text=True,
                             env=environment)
    if answers.returncode != 0:
        sys.exit(f"print_rules {library}: {answers.stderr}")
    n_bad = n = n_complex = 0
    for line in answers.stdout.splitlines():
        address, kind, offset, bp, bx, pc = line.split()
        address = int(address, 16)
        n += 1
        n_complex += kind == "complex"
        if address in signal:
            why = None if kind == "signal" else "is a signal's frame"
        else:
            why = complaint(rows[address], kind, offset, bp, bx, pc)
        if why:
            n_bad += 1
            if n_bad <= 10:
                print(f"{library}: {line}: {why}: {rows[address]}")
    print(f"{library}: {n} rows, {n_bad} differ, {n_complex} beyond us")
    return n, n_bad


def main(print_rules, names):
    if shutil.which("readelf") is None:
        print("readelf is not installed")
        sys.exit(SKIP)
    libraries = [path for path in map(installed, names) if path]
    results = [check(print_rules, library) for library in libraries]
    if sum(n for n, _ in results) < 1000:
        sys.exit("hardly any rows were found")
    sys.exit(any(bad for _, bad in results))


main(sys.argv[1], sys.argv[2:])
