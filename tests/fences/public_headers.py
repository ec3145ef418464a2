# SPDX-License-Identifier: Apache-2.0
"""Each header in include/ compiles alone, and twice, without a warning."""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from fence import files_below, finish, skip

STRICT = ["-pedantic", "-Wall", "-Wextra", "-Werror"]
LANGUAGES = {
    "c": ["-x", "c", "-std=c11", *STRICT],
    "c++": ["-x", "c++", "-std=c++17", "-Wall", "-Wextra", "-Werror"],
}

# Macros compile where they are used.
USES = {
    "memory_set/memory_set.h": """
uint64_t bytes_of(const struct memory_set *set);
uint64_t bytes_of(const struct memory_set *set)
{
	struct memory_set_iter iter;
	const struct memory_area *area;
	uint64_t bytes = 0;

	memory_set_for_each(area, &iter, set, MEMORY_SET_ALL)
		bytes += area->range.end - area->range.start;
	return bytes;
}
""",
}


def compiler_for(language):
    if language == "c":
        return shlex.split(os.environ.get("CC", "cc"))
    name = "clang++" if "clang" in os.environ.get("CC", "") else "g++"
    found = shutil.which(name) or shutil.which("c++")
    return [found] if found else skip("there is no C++ compiler")


def main(language, include):
    compiler = compiler_for(language)
    headers = files_below(include, ["."], lambda path: path.endswith(".h"))
    breaches = []
    with tempfile.TemporaryDirectory() as folder:
        for header in headers:
            source = os.path.join(folder, "alone")
            with open(source, "w", encoding="utf-8") as file:
                file.write(f"#include <{header}>\n#include <{header}>\n"
                           + USES.get(header, "extern int nothing; int nothing;\n"))
            done = subprocess.run([*compiler, *LANGUAGES[language], "-I", include,
                                   "-c", source, "-o", os.devnull],
                                  text=True, capture_output=True, check=False)
            if done.returncode != 0:
                breaches.append(f"include/{header}: not clean as {language}:\n{done.stderr}")
    finish(breaches, len(headers), "headers")


main(sys.argv[1], sys.argv[2])
