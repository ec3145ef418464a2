# SPDX-License-Identifier: Apache-2.0
"""The example in README.md is example.c: usage check_readme.py README.md example.c"""

import re
import sys

readme, example = (open(name, encoding="utf-8").read() for name in sys.argv[1:3])
block = re.search(r"```c\n(#include.*?)```", readme, re.S)
if not block or block.group(1) != example[example.index("#include"):]:
    sys.exit("the example in README.md is not example.c")
