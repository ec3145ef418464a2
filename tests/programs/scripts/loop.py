# SPDX-License-Identifier: Apache-2.0
"""Runs until it is killed: maps, allocates and frees, starts and joins threads."""

import mmap
import random
import threading

source = random.Random(1)


def allocate(rounds):
    kept = []
    for _ in range(rounds):
        kept.append(bytearray(source.randrange(1, 600000)))
        if len(kept) > 20:
            del kept[source.randrange(len(kept))]


print("ready", flush=True)
while True:
    maps = [mmap.mmap(-1, source.randrange(1, 100) * 4096) for _ in range(20)]
    threads = [threading.Thread(target=allocate, args=(30,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for area in maps:
        area[0] = 1
        area.close()
    for thread in threads:
        thread.join()
