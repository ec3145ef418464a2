/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMA_VM_CALL_H
#define VMA_VM_CALL_H

/*
 * vm_call - one call that can change an address space
 *
 * Whatever caught a call, and wherever it is read from, it has this one shape.
 * The table of operations in vm_call.c has one row per way the map can change;
 * names, logs, packing and tests follow from it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Part of the ledger's format: never renumber, only add. */
enum vm_op {
	VM_OP_NONE = 0,
	VM_OP_MMAP = 1,
	VM_OP_MUNMAP = 2,
	VM_OP_MPROTECT = 3,
	VM_OP_PKEY_MPROTECT = 4,
	VM_OP_MREMAP = 5,
	VM_OP_BRK = 6,
	VM_OP_SHMAT = 7,
	VM_OP_SHMDT = 8,
	VM_OP_REMAP_FILE_PAGES = 9,
	VM_OP_MADVISE = 10,
	VM_OP_FORK = 11, /* clone without CLONE_VM: the child has a ledger of its own */
	VM_OP_EXEC = 12, /* in flight for ever when it succeeds */
	VM_OP_EXIT = 13, /* likewise */
	VM_OP_MSEAL = 14,
	VM_OP_MLOCK = 15,
	VM_OP_MLOCK2 = 16,
	VM_OP_MUNLOCK = 17,
	VM_OP_MLOCKALL = 18,
	VM_OP_MUNLOCKALL = 19,
	VM_OP_PROCESS_MADVISE = 20, /* its ranges follow as parts (VM_CALL_PART) */
	VM_OP_PRCTL = 21,	    /* PR_SET_VMA, PR_SET_MM and their like */
	VM_OP_IO_SETUP = 22,	    /* args[2]: where the ring is */
	VM_OP_IO_DESTROY = 23,
	VM_OP_ARCH_PRCTL = 24, /* ARCH_MAP_VDSO_ and ARCH_SHSTK_ */
	VM_OP_MAP_SHADOW_STACK = 25,
	VM_OP_PERSONALITY = 26,
	VM_OP_EXECVEAT = 27, /* as VM_OP_EXEC */
	VM_OP_COUNT,
};

/* How the call was caught. Part of the format. */
enum vm_tier {
	VM_TIER_NONE = 0,
	VM_TIER_SYMBOL = 1,  /* through a symbol the shim interposes */
	VM_TIER_SITE = 2,    /* at a system call site of libc, ld.so or other code */
	VM_TIER_SYSCALL = 3, /* through the function syscall() */
	VM_TIER_RAW = 4,     /* at any other instruction: Syscall User Dispatch */
	VM_TIER_COUNT,
};

/* vm_call.flags. Part of the format. */
#define VM_CALL_NESTED	  0x1 /* made by a signal handler inside another recorded call */
#define VM_CALL_UNORDERED 0x2 /* made without the lock; its place in the order is not known */
/* No call of the program's: what the call before did to one range; or brk(0), by mapledger. */
#define VM_CALL_PART	0x4
#define VM_CALL_REFUSED 0x8 /* not made: the shim was told to refuse it (enforce=) */

/*
 * @op, @tier: see above
 * @tid:    the kernel's id of the calling thread
 * @ticks:  clock_ticks() just before the system call
 * @args:   exactly as the program passed them, unrounded, in system call order
 * @result: what the kernel returned: a value or a negative errno
 * @event:  the number of this call in its address space, from 1; 0: not known yet
 * @stack:  number of the stack that made it; 0: none
 */
struct vm_call {
	uint8_t op;
	uint8_t tier;
	uint8_t flags;
	uint32_t tid;
	uint64_t ticks;
	uint64_t args[6];
	int64_t result;
	uint64_t event;
	uint32_t stack;
};

/* What an argument is: decides how it is printed and which field of a ledger
 * record holds it. */
enum vm_arg {
	VM_ARG_NONE = 0,
	VM_ARG_ADDR,	  /* an address */
	VM_ARG_LEN,	  /* bytes */
	VM_ARG_PROT,	  /* PROT_ */
	VM_ARG_MAP_FLAGS, /* MAP_ */
	VM_ARG_REMAP_FLAGS,
	VM_ARG_SHM_FLAGS,
	VM_ARG_FD,
	VM_ARG_OFFSET, /* bytes */
	VM_ARG_PKEY,
	VM_ARG_ADVICE,
	VM_ARG_ID,    /* a small number */
	VM_ARG_PGOFF, /* pages */
	VM_ARG_CLONE_FLAGS,
	VM_ARG_STRING, /* an address of a string: only meaningful in the process */
	VM_ARG_MLOCK_FLAGS,
	VM_ARG_MLOCKALL_FLAGS,
	VM_ARG_PRCTL,	   /* PR_; decides what the others are */
	VM_ARG_PRCTL_VMA,  /* of PR_SET_VMA */
	VM_ARG_PRCTL_MM,   /* of PR_SET_MM */
	VM_ARG_ARCH_PRCTL, /* ARCH_ */
	VM_ARG_SHADOW_FLAGS,
	VM_ARG_PERSONALITY,
	VM_ARG_HEX, /* any word */
};

enum vm_result {
	VM_RESULT_ZERO, /* 0 or an error */
	VM_RESULT_ADDR, /* an address or an error */
	VM_RESULT_PID,
	VM_RESULT_COUNT, /* a number, or an error */
};

/*
 * One row per operation.
 *
 * @name:   of the system call, as strace prints it
 * @nr:     its number here, or -1 where the architecture has none
 * @args:   in system call order
 */
struct vm_op_info {
	const char *name;
	int nr;
	uint8_t n_args;
	uint8_t result; /* enum vm_result */
	uint8_t args[6];
};

/* Does the operation begin or end an address space? */
bool vm_op_makes_space(unsigned op);

/* @op may be anything; unknown ones get a row named "unknown". */
const struct vm_op_info *vm_op_info(unsigned op);
const char *vm_tier_name(unsigned tier);

/*
 * The operation behind a system call number, or VM_OP_NONE. Calls that begin or
 * end an address space are VM_OP_NONE here: whether clone does so depends on its
 * flags, and each of them is met in its own way where it is caught.
 */
enum vm_op vm_op_of_nr(long nr);

/*
 * Does a call of this kind with these arguments matter to an address space? prctl,
 * arch_prctl and personality mostly do not.
 */
bool vm_call_matters(enum vm_op op, const uint64_t args[6]);

/* The operation to record for a system call with these arguments, or VM_OP_NONE. */
enum vm_op vm_op_of_call(long nr, const uint64_t args[6]);

/*
 * For whoever makes calls, right after one: what the kernel wrote into the
 * program's memory and the fold must know joins the arguments.
 */
void vm_call_learn(struct vm_call *call);

static inline bool vm_call_failed(const struct vm_call *call)
{
	return (uint64_t)call->result > (uint64_t)-4096;
}

/* mprotect or pkey_mprotect? */
static inline bool vm_call_is_protect(const struct vm_call *call)
{
	return call->op == VM_OP_MPROTECT || call->op == VM_OP_PKEY_MPROTECT;
}

#endif
