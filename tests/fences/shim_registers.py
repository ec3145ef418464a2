# SPDX-License-Identifier: Apache-2.0
"""No vector or x87 register in the shim.

A call site's stub saves general registers alone: the program's vectors survive
because nothing behind it touches them.
"""

import platform
import re
import sys
from fence import finish, skip, tool

REGISTER = re.compile(r"%([xyz]mm|mm[0-7]|st\b|k[0-7]\b|bnd)")
# x87, and what saves, restores or clears vector state without naming a register
INSTRUCTION = re.compile(r"^(f(?!s\b)\w+|emms|vzero\w+|x(save|rstor)\w*|ldmxcsr|stmxcsr)$")
FUNCTION = re.compile(r"^[0-9a-f]+ <([^>]+)>:$")


def main(shim):
    if platform.machine() != "x86_64":
        skip("general registers only is a rule for x86-64")
    breaches = []
    function = ""
    checked = 0
    for line in tool("objdump", "-d", "--no-show-raw-insn", shim).splitlines():
        match = FUNCTION.match(line)
        if match:
            function = match[1]
        field = line.split("\t")
        if len(field) < 2:
            continue
        checked += 1
        words = field[1].split()
        if REGISTER.search(field[1]) or (words and INSTRUCTION.match(words[0])):
            breaches.append(f"{function}: {line.strip()}")
    finish(breaches, checked, "instructions")


main(sys.argv[1])
