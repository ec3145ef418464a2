# SPDX-License-Identifier: Apache-2.0
"""Each fence is shown a small tree or library that breaks its rule, and must say so."""

import os
import platform
import shlex
import subprocess
import sys
import tempfile
from fence import finish

HERE = os.path.dirname(os.path.abspath(__file__))
COMPILER = shlex.split(os.environ.get("CC", "cc"))
LICENCE = "/* SPDX-License-Identifier: Apache-2.0 */\n"


def write(root, files):
    for path, text in files.items():
        path = os.path.join(root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def run(fence, *arguments):
    done = subprocess.run([sys.executable, os.path.join(HERE, fence), *arguments],
                          text=True, capture_output=True, check=False)
    return done.returncode, done.stdout + done.stderr


def library(root, source, *options):
    """A library laid out as meson does: libx.so and its objects in libx.so.p."""
    path = os.path.join(root, "libx.so")
    write(root, {"x.c": source, "libx.so.p/empty": ""})
    subprocess.run([*COMPILER, "-O2", "-fPIC", *options, "-c", f"{root}/x.c", "-o",
                    f"{root}/libx.so.p/x.o"], check=True)
    subprocess.run([*COMPILER, "-shared", f"{root}/libx.so.p/x.o", "-o", path,
                    f"-Wl,--version-script={root}/x.map"], check=True)
    return path


def include_right(root):
    write(root, {"src/base/a.c": '#include "vma/b.h"\n', "src/vma/b.h": ""})
    return run("include_direction.py", root), "'base' must not include 'vma'"


def preload_reads(root):
    write(root, {"preload/a.c": '#include "ledger/ledger_reader.h"\n',
                 "src/ledger/ledger_reader.h": ""})
    return run("include_direction.py", root), "format and writer only"


def cli_meets_preload(root):
    write(root, {"src/cli/a.c": '#include "../../preload/shim/shim.h"\n', "preload/shim/shim.h": ""})
    return run("include_direction.py", root), "'cli' must not include 'preload'"


def include_up_within(room, path, target):
    def case(root):
        write(root, {f"{room}/{path}": f'#include "{target}"\n', f"{room}/{target}": ""})
        above, below = target.split("/")[0], path.split("/")[0]
        return run("include_direction.py", root), f"'{below}' must not include '{above}'"
    case.__name__ = f"include_up_within_{room}"
    return case


def objects(root, files):
    """The objects of a program, laid out as meson does."""
    write(root, {f"src/base/{name}": text for name, text in files.items()})
    write(root, {"build/src/base/libbase.a.p/empty": ""})
    for name in files:
        if name.endswith(".c"):
            subprocess.run([*COMPILER, "-c", f"{root}/src/base/{name}", "-o",
                            f"{root}/build/src/base/libbase.a.p/{name}.o"], check=True)
    return f"{root}/build/src/base/libbase.a.p"


def calls_in_a_circle(root):
    folder = objects(root, {"a.c": "int b(void); int a(void) { return b(); }\n",
                            "b.c": "int a(void); int b(void) { return a(); }\n"})
    return run("circles.py", root, folder), "2 files call each other in a circle: base/a.c, base/b.c"


def public_without_header(root):
    write(root, {"src/cli/b.c": "", "src/cli/b.h": "/* int b(void); */\n"})
    folder = objects(root, {"a.c": "int b(void); int a(void) { return b(); }\n",
                            "b.c": "int b(void) { return 0; }\n"})
    os.remove(os.path.join(root, "src/base/b.c"))
    return run("circles.py", root, folder), "src/cli/b.c: b is used by others, and is not in its header"


def unknown_room(root):
    write(root, {"src/attic/a.c": '#include "b.h"\n', "src/attic/b.h": ""})
    return run("include_direction.py", root), "not in the picture"


HOUSE = {"include/meson.build": "", "preload/meson.build": "", "bench/meson.build": "",
         "src/meson.build": "subdir('base')\n", "src/base/meson.build": "",
         "tests/meson.build": "",
         "meson.build": "subdir('include')\nsubdir('src')\nsubdir('preload')\nsubdir('bench')\n"}


def no_licence(root):
    write(root, {**HOUSE, "src/base/a.c": "int a;\n"})
    return run("house_rules.py", root), "src/base/a.c:1: no line"


def no_licence_in_script(root):
    write(root, {**HOUSE, "src/base/a.c": LICENCE, ".ci/run": "#!/bin/sh\n"})
    return run("house_rules.py", root), ".ci/run:1: no line"


def no_meson(root):
    write(root, {**HOUSE, "src/base/a.c": LICENCE, "src/vma/b.c": LICENCE})
    return run("house_rules.py", root), "src/vma: no meson.build"


def room_not_built(root):
    write(root, {**HOUSE, "src/base/a.c": LICENCE, "src/vma/meson.build": ""})
    return run("house_rules.py", root), "src/meson.build: does not enter src/vma"


def tests_not_run(root):
    write(root, {**HOUSE, "src/base/a.c": LICENCE, "tests/vma/meson.build": ""})
    return run("house_rules.py", root), "tests/meson.build: does not enter tests/vma"


def laid_out_otherwise(root):
    write(root, {".clang-format": "BasedOnStyle: LLVM\n", "src/base/a.c": "int  a;\n"})
    return run("format.py", root), "src/base/a.c:1: not as .clang-format says"


def option_not_named(root):
    write(root, {"README.md": "Options: `output`, and more output, and no word of the root.\n",
                 "src/base/options.c": '[OPTION_A] = { "output",\n[OPTION_B] = { "root",\n'})
    return run("readme_options.py", root), "the option `root`"


def command(root, row):
    """A mapledger that prints a table of one row."""
    table = f"| way | by | does | leaves | test |\n|---|---|---|---|---|\n{row}\n"
    write(root, {"mapledger": f"#!/bin/sh\ncat <<'END'\n{table}END\n",
                 "tests/a.c": "Test(suite, one)\n{\n}\n"})
    os.chmod(os.path.join(root, "mapledger"), 0o755)
    return os.path.join(root, "mapledger"), table


def coverage_not_in_readme(root):
    mapledger, _ = command(root, "| mmap | call | a | b | a.c one |")
    write(root, {"README.md": "no table\n"})
    return run("coverage.py", mapledger, root), "its table of coverage is not"


def coverage_without_test(root):
    mapledger, table = command(root, "| mmap | call | a | b | a.c one, a.c two |")
    write(root, {"README.md": f"<!-- mapledger help coverage -->\n{table}<!-- end of coverage -->"})
    return run("coverage.py", mapledger, root), "there is no test 'a.c two'"


def header_needs_another(root):
    write(root, {"a.h": "uint64_t f(void);\n"})
    return run("public_headers.py", "c", root), "a.h: not clean as c:"


def header_is_not_cpp(root):
    write(root, {"a.h": "static inline int *f(void *p) { return p; }\n"})
    return run("public_headers.py", "c++", root), "a.h: not clean as c++:"


MAP = "{ global: one; local: *; };\n"


def exports_unlisted(root):
    write(root, {"x.map": "{ global: one; two; local: *; };\n", "y.map": MAP})
    shim = library(root, "int one(void) { return 1; }\nint two(void) { return 2; }\n")
    return run("shim_exports.py", shim, f"{root}/y.map"), "two: visible in the library"


def hides_unlisted(root):
    write(root, {"x.map": MAP})
    shim = library(root, "int one(void) { return 1; }\nint two(void) { return 2; }\n")
    return run("shim_exports.py", shim, f"{root}/x.map"), "two: visible in an object"


def lists_missing(root):
    write(root, {"x.map": MAP, "y.map": "{ global: one; two; };\n"})
    shim = library(root, "int one(void) { return 1; }\n")
    return run("shim_exports.py", shim, f"{root}/y.map"), "two: in the list, but not visible"


def imports_malloc(root):
    write(root, {"x.map": MAP})
    shim = library(root, "void *malloc(unsigned long); void *one(void) { return malloc(9); }\n")
    return run("shim_imports.py", shim), "malloc: imported"


def needs_errno(root):
    write(root, {"x.map": MAP})
    shim = library(root, "int *__errno_location(void); int one(void) { return *__errno_location(); }\n")
    return run("shim_imports.py", shim), "declare it weak"


def needs_a_library(root):
    write(root, {"x.map": MAP})
    shim = library(root, "int *__errno_location(void); int one(void) { return *__errno_location(); }\n")
    return run("shim_imports.py", shim), "the shim needs a library"


def has_thread_storage(root):
    write(root, {"x.map": MAP})
    shim = library(root, "static __thread int n; int one(void) { return n++; }\n")
    return run("shim_imports.py", shim), "the shim has thread-local storage"


def uses_vectors(root):
    write(root, {"x.map": MAP, "y.map": MAP})
    shim = library(root, "double one(double a, double b) { return a * b; }\n")
    return run("shim_registers.py", shim), "one: "


CASES = [include_right, preload_reads, cli_meets_preload,
         include_up_within("preload", "shim/a.c", "record/recorder.h"), calls_in_a_circle,
         public_without_header, unknown_room, no_licence,
         no_licence_in_script, no_meson, room_not_built, tests_not_run, laid_out_otherwise, option_not_named,
         coverage_not_in_readme, coverage_without_test,
         header_needs_another, header_is_not_cpp, exports_unlisted, hides_unlisted, lists_missing, imports_malloc, needs_errno,
         needs_a_library, has_thread_storage]
if platform.machine() == "x86_64":
    CASES.append(uses_vectors)


def main():
    breaches = []
    for case in CASES:
        with tempfile.TemporaryDirectory() as root:
            (status, output), expected = case(root)
        if status == 77:
            print(f"{case.__name__}: {output.strip()}")
        elif status != 1 or expected not in output:
            breaches.append(f"{case.__name__}: exit {status}, expected 1 and '{expected}' in:\n"
                            f"{output}")
    finish(breaches, len(CASES), "cases")


main()
