# SPDX-License-Identifier: Apache-2.0
"""A debugger calls mapledger_query() in a stopped program.

usage: from_gdb.py SHIM SELF_CHECK
"""

import os
import shutil
import subprocess
import sys
import tempfile

SKIP = 77

# exec-wrapper keeps the shim out of gdb itself.
COMMANDS = """
set confirm off
set debuginfod enabled off
set breakpoint pending off
set exec-wrapper env LD_PRELOAD={shim} MAPLEDGER_OPTIONS=output={folder}/gdb.mlg
break count
run
printf "active %d\\n", mapledger_active()
set $area = (struct ml_area *)malloc(sizeof(struct ml_area))
printf "stack %d\\n", mapledger_query($rsp, $area)
printf "stack is writable %d\\n", ($area->prot & 2) != 0
printf "holds rsp %d\\n", $area->start <= $rsp && $rsp < $area->end
printf "nothing at zero %d\\n", mapledger_query(0, $area)
printf "differences %d\\n", mapledger_verify(0, 0)
delete
continue
"""

EXPECTED = ["active 1", "stack 1", "stack is writable 1", "holds rsp 1", "nothing at zero 0",
            "differences 0", "end: 0 failures"]


def gdb(*arguments):
    return subprocess.run(["gdb", "-batch", "-nx", *arguments], text=True, timeout=100,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False).stdout


def main(shim, program):
    if not shutil.which("gdb"):
        print("skipped: gdb is not installed")
        return SKIP
    if "exited" not in gdb("-ex", "run", "--args", "/bin/true"):
        print("skipped: gdb can't run a program here")
        return SKIP
    with tempfile.TemporaryDirectory() as folder:
        script = os.path.join(folder, "commands")
        with open(script, "w", encoding="utf-8") as file:
            file.write(COMMANDS.format(shim=shim, folder=folder))
        output = gdb("-x", script, program)
    print(output)
    missing = [line for line in EXPECTED if line not in output.splitlines()]
    print("missing:", missing)
    return 1 if missing else 0


sys.exit(main(os.path.abspath(sys.argv[1]), sys.argv[2]))
