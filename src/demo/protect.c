/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Demos of mprotect: lengths, holes, guards
 */

#include <errno.h>
#include "demo/demo.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

/* ---------------------------------------------------------------- overhang */

/* As libMicro had it: the length is one byte longer than a page. */
NOINLINE static void seal_header(char *buffer)
{
	demo_need(mprotect(buffer, PAGE + 1, PROT_READ) == 0, "mprotect");
}

NOINLINE static void fill(char *body)
{
	memset(body, 'x', PAGE);
}

int demo_overhang(void)
{
	char *buffer = mmap(NULL, 4 * PAGE, RW, ANON, -1, 0);

	demo_need(buffer != MAP_FAILED, "mmap");
	seal_header(buffer);
	fill(buffer + PAGE);
	return 0;
}

/* ----------------------------------------------------------- partial-protect */

NOINLINE static int freeze(char *table, size_t size)
{
	return mprotect(table, size, PROT_READ);
}

NOINLINE static void update(char *table)
{
	table[8] = 1;
}

int demo_partial_protect(void)
{
	char *table = mmap(NULL, 8 * PAGE, RW, ANON, -1, 0);

	demo_need(table != MAP_FAILED && munmap(table + 4 * PAGE, PAGE) == 0, "mmap");
	/* The program takes a failure for "nothing has happened". */
	if (freeze(table, 8 * PAGE) < 0)
		update(table);
	return 0;
}

/* --------------------------------------------------------------- guard-region */

NOINLINE static int install_guard(char *stack)
{
	return madvise(stack, PAGE, MADV_GUARD_INSTALL);
}

NOINLINE static char scan(const char *stack, size_t size)
{
	char sum = 0;

	while (size-- > 0)
		sum = (char)(sum + stack[size]);
	return sum;
}

int demo_guard_region(void)
{
	char *stack = mmap(NULL, 4 * PAGE, RW, ANON, -1, 0);

	demo_need(stack != MAP_FAILED, "mmap");
	if (install_guard(stack) < 0) {
		fprintf(stderr, "this kernel has no MADV_GUARD_INSTALL (Linux 6.13)\n");
		return errno == EINVAL ? DEMO_SKIP : 2;
	}
	return scan(stack, 4 * PAGE);
}

/* ------------------------------------------------------------------ map-limit */

/* Two pages, one of them without access: two mappings for each object. */
NOINLINE static int pool_split(char *pool, size_t at)
{
	return mprotect(pool + at * PAGE, PAGE, PROT_NONE);
}

int demo_map_limit(void)
{
	size_t n = 80000;
	char *pool = mmap(NULL, n * PAGE, RW, ANON | MAP_NORESERVE, -1, 0);

	demo_need(pool != MAP_FAILED, "mmap");
	for (size_t i = 0; i < n; i += 2)
		if (pool_split(pool, i) < 0) {
			fprintf(stderr, "mprotect: %s, after %zu calls\n", strerror(errno), i / 2);
			return 1;
		}
	return DEMO_SKIP; /* this machine's limit is higher */
}
