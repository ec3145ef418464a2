/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "query/heap.h"

static void (*at_exhaustion)(void);

void heap_at_exhaustion(void (*handler)(void))
{
	at_exhaustion = handler;
}

void heap_exhausted(void)
{
	if (at_exhaustion != NULL)
		at_exhaustion();
	abort();
}

static void *require(void *memory)
{
	if (memory == NULL)
		heap_exhausted();
	return memory;
}

void *heap_array(size_t n, size_t size)
{
	return require(calloc(n != 0 ? n : 1, size));
}

void *heap_resize(void *array, size_t n, size_t size)
{
	return require(reallocarray(array, n != 0 ? n : 1, size));
}

void *heap_grow(void *array, size_t n, size_t *capacity, size_t first, size_t size)
{
	if (n < *capacity)
		return array;
	*capacity = *capacity != 0 ? 2 * *capacity : first;
	return heap_resize(array, *capacity, size);
}

char *heap_string(const char *string)
{
	return require(strdup(string));
}

int heap_require(int error)
{
	if (error == -ENOMEM)
		heap_exhausted();
	return error;
}
