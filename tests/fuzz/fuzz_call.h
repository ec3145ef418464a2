/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FUZZ_FUZZ_CALL_H
#define TESTS_FUZZ_FUZZ_CALL_H

/*
 * fuzz_call - one call of a random sequence, and its line of text
 *
 * Addresses, descriptors and ids are relative to the places of fuzz_world.h, so
 * that a line means the same in another process:
 *
 *     mmap(zone+0x3000, 0x2000, rw-, PRIVATE|ANONYMOUS|FIXED, -1, 0x0)
 *     r1 = mmap(0x0, 0x800, r--, SHARED, memfd, 0x4000)
 *     munmap(r1, 0x1000)
 *     process_madvise(self, vector, 2, DONTFORK, 0) [zone 0x1000] [zone+0x5000 0x1000]
 *
 * "r1 =" keeps the place that the kernel chose, for later lines. A call that names
 * a place which is not known is left out when it is its turn.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fuzz_base {
	FUZZ_NUMBER = 0,
	FUZZ_ZONE, /* the window, and room around it */
	FUZZ_HEAP, /* the first page after the program's own break */
	FUZZ_VDSO, /* what the kernel mapped for it, data pages first */
	FUZZ_FILE,
	FUZZ_READONLY, /* the same file, opened for reading */
	FUZZ_ZERO,
	FUZZ_MEMFD,
	FUZZ_SOCKET, /* can't be mapped, and says so late */
	FUZZ_SELF,   /* a pidfd of the process */
	FUZZ_SHM0,
	FUZZ_SHM1,
	FUZZ_VECTOR,  /* where the call's vector is put */
	FUZZ_CONTEXT, /* where io_setup puts its answer */
	FUZZ_STRING,
	FUZZ_R0,
	FUZZ_R7 = FUZZ_R0 + 7,
	FUZZ_BASE_COUNT,
};

enum { FUZZ_SLOTS = FUZZ_R7 - FUZZ_R0 + 1, FUZZ_VECTOR_MAX = 2 };

/* What a place has added to it. Both wrap, as addresses do. */
struct fuzz_value {
	uint64_t offset;
	uint8_t base;
};

/* Operations without a system call of their own. */
enum fuzz_pseudo {
	FUZZ_TOUCH = -1,    /* the kernel writes a byte: a page fault, and a stack may grow */
	FUZZ_FORK = -2,	    /* a child looks at what it was left */
	FUZZ_REGISTER = -3, /* with a userfaultfd */
	FUZZ_UNREGISTER = -4,
	FUZZ_CLOSE_FAULTS = -5, /* the userfaultfd */
};

/*
 * One row per operation.
 *
 * @nr:   a system call, -1 where the architecture has none by that name, or enum fuzz_pseudo
 * @args: one letter for each: a address, l length, p prot, m map_flags, f descriptor, o other
 *        number, r mremap's flags, h shmat's flags, v advice
 */
struct fuzz_op {
	const char *name;
	long nr;
	const char *args;
};

/* Ids of operations: rows of the table in fuzz_call.c. */
enum fuzz_op_id {
	OP_MMAP,
	OP_MUNMAP,
	OP_MPROTECT,
	OP_PKEY_MPROTECT,
	OP_MREMAP,
	OP_BRK,
	OP_SHMAT,
	OP_SHMDT,
	OP_REMAP_FILE_PAGES,
	OP_MADVISE,
	OP_PROCESS_MADVISE,
	OP_MLOCK,
	OP_MLOCK2,
	OP_MUNLOCK,
	OP_MLOCKALL,
	OP_MUNLOCKALL,
	OP_MSEAL,
	OP_IO_SETUP,
	OP_IO_DESTROY,
	OP_PRCTL,
	OP_ARCH_PRCTL,
	OP_MAP_SHADOW_STACK,
	OP_MBIND,
	OP_PERSONALITY,
	OP_TOUCH,
	OP_FORK,
	OP_REGISTER,
	OP_UNREGISTER,
	OP_CLOSE_FAULTS,
	OP_COUNT,
};

extern const struct fuzz_op fuzz_ops[OP_COUNT];

/*
 * @slot:  which r the place that the kernel chose is kept in, or -1
 * @vector: pairs of address and length, for calls that take such
 */
struct fuzz_call {
	uint8_t op;
	int8_t slot;
	uint8_t n_vector;
	struct fuzz_value args[6];
	struct fuzz_value vector[2 * FUZZ_VECTOR_MAX];
};

static inline struct fuzz_value fuzz_number(uint64_t number)
{
	return (struct fuzz_value){ .offset = number };
}

static inline struct fuzz_value fuzz_at(unsigned base, uint64_t offset)
{
	return (struct fuzz_value){ .offset = offset, .base = (uint8_t)base };
}

unsigned fuzz_n_args(const struct fuzz_call *call);

/* The line, terminated, without a newline; cut when @size is too small. */
void fuzz_call_format(const struct fuzz_call *call, char *text, size_t size);

/* False when @line is not such a line. */
bool fuzz_call_parse(const char *line, struct fuzz_call *call);

#endif
