/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The allocator of a program with libc. A build without libc leaves this file
 * out and defines MEMORY_SET_NO_MALLOC.
 */

#include <stdlib.h>

#include <memory_set/memory_set.h>

static void *malloc_alloc(void *context, size_t size)
{
	void *memory;

	(void)context;
	return posix_memalign(&memory, 64, size) == 0 ? memory : NULL;
}

static void malloc_free(void *context, void *memory, size_t size)
{
	(void)context;
	(void)size;
	free(memory);
}

const struct ml_allocator ml_allocator_malloc = { .alloc = malloc_alloc, .free = malloc_free };
