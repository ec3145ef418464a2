# SPDX-License-Identifier: Apache-2.0
"""What the tests of tools share: named checks that are counted, and the command itself."""

import os
import subprocess

n_failed = 0


def check(what, good, detail=""):
    global n_failed
    print(f"{'ok' if good else 'WRONG'}: {what}{'' if good else ': ' + str(detail)}", flush=True)
    n_failed += not good


def status():
    """How to exit."""
    return 1 if n_failed else 0


class Tool:
    """`mapledger' in a folder, with the shim that was built."""

    def __init__(self, mapledger, shim, folder):
        self.mapledger, self.folder = os.path.abspath(mapledger), folder
        self.environment = dict(os.environ, MAPLEDGER_SHIM=os.path.abspath(shim))

    def __call__(self, *arguments):
        return subprocess.run([self.mapledger, *map(str, arguments)], cwd=self.folder,
                              capture_output=True, text=True, env=self.environment)
