/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_memory.h"

static char arena[24 << 20] __attribute__((aligned(64)));
static size_t used;

static void *arena_alloc(void *context, size_t size)
{
	void *memory = arena + used;

	(void)context;
	size = (size + 63) & ~(size_t)63;
	if (size > sizeof(arena) - used)
		return NULL;
	used += size;
	return memory;
}

static void arena_free(void *context, void *memory, size_t size)
{
	(void)context;
	(void)memory;
	(void)size;
}

const struct ml_allocator fuzz_allocator = { arena_alloc, arena_free, NULL };
