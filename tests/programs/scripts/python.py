# SPDX-License-Identifier: Apache-2.0
"""Extension modules, threads, children made in three ways, mmap, a deep stack."""

import ctypes
import hashlib
import json
import mmap
import os
import sqlite3
import ssl
import subprocess
import sys
import threading
import zlib


def work(results, place):
    data = [bytes([place]) * (1 << n) for n in range(20)]
    results[place] = hashlib.sha256(b"".join(data)).hexdigest()


def threads():
    results = [None] * 20
    workers = [threading.Thread(target=work, args=(results, i)) for i in range(len(results))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return hashlib.sha256("".join(results).encode()).hexdigest()


def forked():
    pid = os.fork()
    if pid == 0:
        data = [str(i) * 50 for i in range(50000)]
        os._exit(len(data) % 251)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def shared_memory():
    with mmap.mmap(-1, 1 << 20) as memory:
        pid = os.fork()
        if pid == 0:
            memory[:5] = b"child"
            os._exit(0)
        os.waitpid(pid, 0)
        return memory[:5].decode()


def deep(n):
    return 0 if n == 0 else 1 + deep(n - 1)


def main():
    print("ssl", ssl.OPENSSL_VERSION.split()[0])
    print("sqlite", sqlite3.connect(":memory:").execute("select 6 * 7").fetchone())
    print("json", len(json.dumps([{"n": i} for i in range(20000)])))
    print("zlib", len(zlib.compress(b"area" * 100000)))
    print("strlen", ctypes.CDLL(None).strlen(b"seven.."))
    print("threads", threads())
    print("fork", forked())
    print("shared", shared_memory())
    print("spawned", subprocess.run(["echo", "child"], capture_output=True, text=True).stdout)
    print("system", os.system("exit 5") >> 8)
    sys.setrecursionlimit(30000)
    print("deep", deep(20000))
    sys.stdout.flush()
    os._exit(4)


main()
