# SPDX-License-Identifier: Apache-2.0
"""The first C example of README.md is example.c, and compiles by itself.

usage: check_readme.py README.md example.c INCLUDE_FOLDER COMPILER...
"""

import re
import subprocess
import sys

readme, example = (open(name, encoding="utf-8").read() for name in sys.argv[1:3])
include, compiler = sys.argv[3], sys.argv[4:]

block = re.search(r"^```c\n(.*?)^```", readme, re.S | re.M)
if not block:
    sys.exit("README.md has no example in C")
shown = block.group(1)

# As a reader would: what the page shows, in a file of its own, with nothing of ours but headers.
compiled = subprocess.run(
    compiler + ["-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-I{include}",
                "-xc", "-"],
    input=shown, text=True, capture_output=True)
if compiled.returncode != 0:
    sys.exit("the example in README.md does not compile:\n" + compiled.stderr)

first = re.search(r"^#include", example, re.M)
if shown != example[first.start():]:
    sys.exit("the example in README.md is not example.c")
