/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The allocator of a program with libc. A build without libc leaves this file
 * out and defines MEMORY_SET_NO_MALLOC.
 */

#include <stdlib.h>
#include <sys/mman.h>

#include <memory_set/memory_set.h>

#define HUGE_PAGE ((size_t)2 << 20)

/* Searching a big set misses the translation cache less in huge pages; it is only advice. */
static void *malloc_alloc(void *context, size_t size)
{
	bool huge = size >= HUGE_PAGE && size % HUGE_PAGE == 0;
	void *memory;

	(void)context;
	if (posix_memalign(&memory, huge ? HUGE_PAGE : 64, size) != 0)
		return NULL;
	if (huge)
		madvise(memory, size, MADV_HUGEPAGE);
	return memory;
}

static void malloc_free(void *context, void *memory, size_t size)
{
	(void)context;
	(void)size;
	free(memory);
}

const struct ml_allocator ml_allocator_malloc = { .alloc = malloc_alloc, .free = malloc_free };
