# SPDX-License-Identifier: Apache-2.0
"""The stressors of stress-ng that change address spaces, or how processes live and die.

One that is not in the installed version is passed over. Options keep one from filling
the machine's memory; those that fill its disk (forkheavy, resources) are not here, and
neither are those that stress-ng itself calls pathological. HOSTILE ones call the kernel
with random numbers and run without rights.
"""

STRESSORS = {
    # the map itself
    "mmap": ["--mmap-bytes", "32M"],
    "mmapaddr": [],
    "mmapfixed": [],
    "mmapfork": [],
    "mmaphuge": [],
    "mmapmany": [],
    "mprotect": [],
    "mremap": ["--mremap-bytes", "16M"],
    "munmap": [],
    "remap": [],
    "madvise": [],
    "mlock": [],
    "msync": ["--msync-bytes", "16M"],
    "msyncmany": [],
    "mincore": [],
    "brk": ["--brk-notouch"],
    "bigheap": ["--bigheap-growth", "1M"],
    "stack": [],
    "stackmmap": [],
    "bad-altstack": [],
    "malloc": ["--malloc-bytes", "128M"],
    "vm": ["--vm-bytes", "64M"],
    "vm-addr": [],
    "vm-rw": ["--vm-rw-bytes", "16M"],
    "vm-segv": [],
    "vm-splice": [],
    "shm": ["--shm-bytes", "4M"],
    "shm-sysv": ["--shm-sysv-bytes", "4M"],
    "memfd": ["--memfd-bytes", "16M"],
    "secretmem": [],
    "dev-shm": [],
    "tmpfs": [],
    "zero": [],
    "null": [],
    "rmap": [],
    "numa": [],
    "pagemove": ["--pagemove-bytes", "16M"],
    "pageswap": [],
    "physpage": [],
    "userfaultfd": ["--userfaultfd-bytes", "4M"],
    "pkey": [],
    "seal": [],
    "tlb-shootdown": [],
    "mcontend": [],
    "memthrash": [],
    "readahead": ["--readahead-bytes", "16M"],
    "fault": [],
    "full": [],
    "env": [],
    "aio": [],
    "aiol": [],
    "io-uring": [],
    "vdso": [],
    "x86syscall": [],
    # processes and threads
    "fork": [],
    "vfork": [],
    "vforkmany": [],
    "clone": [],
    "exec": [],
    "spawn": [],
    "daemon": [],
    "zombie": [],
    "exit-group": [],
    "pthread": [],
    "dynlib": [],
    "context": [],
    "longjmp": [],
    "switch": [],
    "futex": [],
    "membarrier": [],
    "rseq": [],
    "personality": [],
    "prctl": [],
    "rlimit": [],
    "set": [],
    "get": [],
    "unshare": [],
    "chroot": [],
    "landlock": [],
    "seccomp": [],
    "ptrace": [],
    "pidfd": [],
    "kcmp": [],
    "procfs": [],
    # signals and faults
    "sigsegv": [],
    "sigfpe": [],
    "sigtrap": [],
    "sigabrt": [],
    "sigchld": [],
    "signest": [],
    "sigpending": [],
    "sigrt": [],
    "sigsuspend": [],
    "timer": [],
    "itimer": [],
    "usersyscall": [],
    "priv-instr": [],
    "far-branch": [],
    "opcode": [],
    # calls with numbers and arguments that make no sense
    "enosys": [],
    "syscall": [],
    "sysbadaddr": [],
}

HOSTILE = {"enosys", "opcode", "syscall", "sysbadaddr", "far-branch"}

# As root these do nothing.
NOT_AS_ROOT = {"exec", "spawn", *HOSTILE}

# What ends otherwise, and why: said in the table, and in README.md.
KNOWN = {
    "usersyscall": "syscall() is the shim's, so it is outside of the range of libc that this "
                   "program exempts from its own Syscall User Dispatch",
}

# Half a minute for both runs of all. They meet most entry points and every kind of child.
SHORT = ["mmapfixed", "mremap", "munmap", "brk", "stack", "shm-sysv", "mmapfork", "userfaultfd",
         "vforkmany", "pthread", "dynlib"]
