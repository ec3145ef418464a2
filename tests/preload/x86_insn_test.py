#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The decoder's lengths are those of objdump, over the code of libc.

usage: x86_insn_test.py DECODE [FILE...]

DECODE prints the length of each instruction, given as a line of hexadecimal bytes
with enough behind it that nothing is cut short.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

LINE = re.compile(r"^\s*[0-9a-f]+:\t((?:[0-9a-f]{2} )+)\s*\t(.*)$")
# what only follows bytes that are no code, or that programs never execute
ODD = re.compile(r"\(bad\)|^(in|out|ins|outs|cli|sti|hlt|iret|lret|rex|les|lds)[a-z.]*\b")


def loaded(name):
    for line in Path("/proc/self/maps").read_text().splitlines():
        if f"/{name}" in line:
            return line.split()[-1]
    return None


def instructions(path):
    text = subprocess.run(["objdump", "-d", "-w", path], capture_output=True, text=True,
                          check=True).stdout
    for line in text.splitlines():
        match = LINE.match(line)
        if match and not ODD.search(match[2]):
            yield match[1].replace(" ", ""), match[2]


def main():
    decode, *files = sys.argv[1:]
    if shutil.which("objdump") is None:
        print("no objdump")
        return 77
    files = files or [f for f in (loaded("libc.so.6"),) if f]
    differ = total = 0
    for path in files:
        every = list(instructions(path))
        said = subprocess.run([decode], input="".join(f"{b}\n" for b, _ in every),
                              capture_output=True, text=True, check=True).stdout.split()
        for (code, text), length in zip(every, said, strict=True):
            if int(length) * 2 != len(code):
                differ += 1
                print(f"{path}: {code} {text}: {length} bytes?")
        total += len(every)
    print(f"{total} instructions, {differ} of another length")
    return 1 if differ or not total else 0


sys.exit(main())
