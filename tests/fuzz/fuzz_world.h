/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FUZZ_FUZZ_WORLD_H
#define TESTS_FUZZ_FUZZ_WORLD_H

/*
 * fuzz_world - the places that calls are relative to, in the process at hand
 *
 *     zone                            + FUZZ_ZONE_SIZE
 *      [ window | reserved, PROT_NONE  )
 *
 * The zone is aligned for huge pages, and has reserved pages before and behind it,
 * so that nothing of the program's own is next to the window.
 */

#include "fuzz_call.h"
#include "vma/vm_space.h"

#define FUZZ_PAGE	     4096ULL
#define FUZZ_ZONE_SIZE	     (4ULL << 20)
#define FUZZ_FILE_PAGES	     32
#define FUZZ_SEGMENT_SIZE(i) ((3 + 2 * (uint64_t)(i)) * FUZZ_PAGE - 5)

enum { FUZZ_WINDOW_PAGES = 64, FUZZ_HEAP_PAGES = 40, FUZZ_SEALED_PAGES = 12 };

struct fuzz_world {
	bool known[FUZZ_BASE_COUNT];
	uint64_t base[FUZZ_BASE_COUNT];
	uint64_t slot_size[FUZZ_SLOTS];
	uint64_t context; /* written by io_setup */
	uint64_t vector[2 * FUZZ_VECTOR_MAX];
	uint64_t brk; /* at the start */
	uint64_t vdso_size;
	int faults; /* a userfaultfd, or -1 */
};

extern struct fuzz_world world;

/*
 * Segments outlive their makers, so the parent makes and removes them; all else is made by
 * the child that will use it.
 */
void fuzz_world_make_segments(void);
void fuzz_world_remove_segments(void);
void fuzz_world_make(void);

/* Looks for it again: it can be unmapped, moved, and mapped anew. */
void fuzz_world_find_vdso(void);

/* The arguments as they are here; false when a place is not known. */
bool fuzz_world_resolve(const struct fuzz_call *call, uint64_t args[6]);

/*
 * Does the call keep inside the mappings that the kernel placed? Next to them is what the
 * program itself lives by.
 */
bool fuzz_world_is_safe(const struct fuzz_call *call);

/* Where an address would be written as; FUZZ_NUMBER when it is in no place. */
struct fuzz_value fuzz_world_value_of(uint64_t addr);

/* Is this an address that calls are meant for? */
bool fuzz_world_is_ours(uint64_t addr);

/* Keeps the place that a call was given, when its slot says so. */
void fuzz_world_keep(const struct fuzz_call *call, uint64_t at, uint64_t size);

void fuzz_world_forget(unsigned slot);

/* Makes a call that has no system call of its own; 0 (or a count) or a negative errno. */
int64_t fuzz_world_pseudo(long nr, const uint64_t args[6]);

#endif
