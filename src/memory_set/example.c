/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The example that README.md shows, from its first directive on; a test compares the two.
 */

#include <assert.h>
#include <stdio.h>

#include <memory_set/backends.h>
#include <memory_set/memory_set.h>

enum { R = 1, W = 2, N_PAGES = 16 };

static void print(void *context, const char *text, size_t len)
{
	fwrite(text, 1, len, context);
}

int main(void)
{
	/* A page table of 16 pages, and a set that drives it. */
	uint64_t entries[N_PAGES];
	struct page_array table;
	struct memory_set *set = memory_set_create(NULL);
	struct memory_area area = {
		.range = { 0x1000, 0x5000 },
		.flags = R | W,
		.backend = &page_array_backend,
		.offset = MEMORY_AREA_NO_OFFSET,
	};
	uint64_t start;

	page_array_init(&table, entries, N_PAGES, 4096);

	/* 1000-5000 rw */
	assert(memory_set_map(set, &area, MEMORY_SET_REFUSE, &table) == 0);

	/* 1000-2000 rw, 4000-5000 rw: the area is split in two */
	assert(memory_set_unmap(set, (struct addr_range){ 0x2000, 0x4000 }, &table) == 0);
	assert(memory_set_count(set) == 2);
	assert(entries[1] == (R | W) && entries[2] == PAGE_ARRAY_UNMAPPED);

	/* Where is room for two pages? In the hole. */
	assert(memory_set_find_free_area(set, 0x1000, 0x2000, (struct addr_range){ 0, 0x10000 }, 0,
					 &start) == 0);
	assert(start == 0x2000);

	/* What is at 0x4abc? */
	assert(memory_set_find(set, 0x4abc)->range.start == 0x4000);
	assert(memory_set_find(set, 0x3000) == NULL);

	/* Replacing unmaps what is in the way; then protect a page in the middle of it. */
	assert(memory_set_map(set, &area, MEMORY_SET_REPLACE, &table) == 0);
	assert(memory_set_protect(set, (struct addr_range){ 0x2000, 0x3000 }, R, NULL, NULL,
				  &table) == 0);
	assert(entries[2] == R);

	/* 1000-2000 3 ..., 2000-3000 1 ..., 3000-5000 3 ... */
	memory_set_dump(set, print, stdout);

	assert(memory_set_check(set) == NULL);
	assert(memory_set_clear(set, &table) == 0);
	memory_set_destroy(set);
	return 0;
}
