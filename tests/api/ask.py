# SPDX-License-Identifier: Apache-2.0
"""The same questions from Python: the functions are in the process, or they are not.

    $ python3 ask.py
    $ mapledger run python3 ask.py
"""

import ctypes
import mmap

PAGE = mmap.PAGESIZE
PROTS = {0: "---", 1: "r--", 3: "rw-", 5: "r-x"}


class Area(ctypes.Structure):  # struct ml_area of mapledger.h
    _fields_ = [(name, ctypes.c_uint64) for name in
                ("start", "end", "offset", "dev", "ino", "mapped_by", "changed_by")] + \
               [("name", ctypes.c_char_p), ("prot", ctypes.c_uint32), ("flags", ctypes.c_uint32)]


PROCESS = ctypes.CDLL(None)


def active():
    return hasattr(PROCESS, "mapledger_active") and PROCESS.mapledger_active() == 1


def query(address):
    area = Area()
    found = PROCESS.mapledger_query(ctypes.c_void_p(address), ctypes.byref(area))
    return area if found == 1 else None


def count_areas():
    visit = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(Area), ctypes.c_void_p)
    starts = []
    PROCESS.mapledger_foreach(visit(lambda area, _: starts.append(area[0].start) or 0), None)
    assert starts == sorted(starts)
    return len(starts)


def main():
    memory = mmap.mmap(-1, 4 * PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory[0] = 1
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    print("mapped 4 pages")
    if not active():
        print("ledger: not here")
        return
    area = query(address)
    print(f"ledger: {PROTS[area.prot]}, {(area.end - area.start) // PAGE} pages")
    assert area.start == address
    PROCESS.mapledger_seq.restype = ctypes.c_uint64
    assert 0 < area.mapped_by <= PROCESS.mapledger_seq()
    assert query(0) is None
    assert query(id(PROCESS)).prot & mmap.PROT_WRITE
    assert count_areas() > 20
    print(f"ledger: verify: {PROCESS.mapledger_verify(None, None)} differences")


main()
