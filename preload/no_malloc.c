/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A set without an allocator of its own would use malloc. In the shim there is
 * none to be had: such a set can't be created.
 */

#include <memory_set/memory_set.h>

static void *no_alloc(void *context, size_t size)
{
	(void)context;
	(void)size;
	return NULL;
}

static void no_free(void *context, void *memory, size_t size)
{
	(void)context;
	(void)memory;
	(void)size;
}

const struct ml_allocator ml_allocator_malloc = { .alloc = no_alloc, .free = no_free };
