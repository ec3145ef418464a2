# SPDX-License-Identifier: Apache-2.0
"""README.md names every option of the table in src/base/options.c, as `name` or `name=...`."""

import os
import re
import sys
from fence import finish, skip

ROW = re.compile(r'\[OPTION_\w+\]\s*=\s*\{\s*"(\w+)"')


def main(root):
    readme = os.path.join(root, "README.md")
    if not os.path.isfile(readme):
        skip("there is no README.md yet")
    with open(os.path.join(root, "src/base/options.c"), encoding="utf-8") as source:
        names = ROW.findall(source.read())
    with open(readme, encoding="utf-8") as text:
        text = text.read()
    finish([f"README.md: says nothing about the option `{name}`" for name in names
            if not re.search(rf"`{name}[`=]|^\s*{name}=|[:'\"]{name}=", text, re.MULTILINE)],
           len(names), "options")


main(sys.argv[1])
