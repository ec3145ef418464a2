/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests simple examples of map, unmap and protect, driven through a page table.
 */

#include "support.h"

#include <errno.h>

enum { N_PAGES = 16 };

static uint64_t entries[N_PAGES];
static struct page_array table;
static struct memory_set *set;

static void setup(void)
{
	page_array_init(&table, entries, N_PAGES, PAGE);
	set = memory_set_create(NULL);
	cr_assert_not_null(set);
}

static void teardown(void)
{
	memory_set_destroy(set);
}

static int map(uint64_t start, uint64_t end, uint64_t flags, enum memory_set_overlap on_overlap)
{
	struct memory_area area = area_of(start, end, flags, &page_array_backend);

	return memory_set_map(set, &area, on_overlap, &table);
}

/* The flags of each page, as digits; '.' is an unmapped page. */
static void assert_pages(const char *wanted)
{
	char got[N_PAGES + 1] = "";

	for (int i = 0; i < N_PAGES; i++)
		got[i] = entries[i] == PAGE_ARRAY_UNMAPPED ? '.' : '0' + entries[i];
	cr_assert_str_eq(got, wanted);
}

TestSuite(memory_set_examples, .init = setup, .fini = teardown);

Test(memory_set_examples, map_adds_an_area)
{
	cr_assert_eq(map(0x1000, 0x5000, RW, MEMORY_SET_REFUSE), 0);
	assert_set(set, "1000-5000 rw-");
	assert_pages(".3333...........");
	cr_assert_eq(memory_set_count(set), 1);
}

Test(memory_set_examples, unmap_in_the_middle_leaves_two_areas)
{
	cr_assert_eq(map(0x1000, 0x5000, RW, MEMORY_SET_REFUSE), 0);
	cr_assert_eq(memory_set_unmap(set, (struct addr_range){ 0x2000, 0x4000 }, &table), 0);
	assert_set(set, "1000-2000 rw-, 4000-5000 rw-");
	assert_pages(".3..3...........");
}

Test(memory_set_examples, protect_in_the_middle_leaves_three_areas)
{
	cr_assert_eq(map(0x1000, 0x5000, RW, MEMORY_SET_REFUSE), 0);
	cr_assert_eq(memory_set_protect(set, (struct addr_range){ 0x2000, 0x4000 }, R, NULL, NULL,
					&table),
		     0);
	assert_set(set, "1000-2000 rw-, 2000-4000 r--, 4000-5000 rw-");
	assert_pages(".3113...........");
}

Test(memory_set_examples, map_refuses_what_is_taken)
{
	cr_assert_eq(map(0x1000, 0x5000, RW, MEMORY_SET_REFUSE), 0);
	cr_assert_eq(map(0x4000, 0x6000, R, MEMORY_SET_REFUSE), -EEXIST);
	assert_set(set, "1000-5000 rw-");
	assert_pages(".3333...........");
}

Test(memory_set_examples, map_replaces_the_middle)
{
	cr_assert_eq(map(0x1000, 0x5000, RW, MEMORY_SET_REFUSE), 0);
	cr_assert_eq(map(0x2000, 0x3000, R, MEMORY_SET_REPLACE), 0);
	assert_set(set, "1000-2000 rw-, 2000-3000 r--, 3000-5000 rw-");
	assert_pages(".3133...........");
}

Test(memory_set_examples, find_free_area_takes_the_first_gap_that_is_wide_enough)
{
	struct addr_range limit = { 0, 0x10000 };
	uint64_t start;

	cr_assert_eq(map(0x1000, 0x3000, RW, MEMORY_SET_REFUSE), 0);
	cr_assert_eq(map(0x4000, 0x6000, RW, MEMORY_SET_REFUSE), 0);
	cr_assert_eq(map(0x9000, 0xa000, RW, MEMORY_SET_REFUSE), 0);
	cr_assert_eq(memory_set_find_free_area(set, 0, 0x1000, limit, 0, &start), 0);
	cr_assert_eq(start, 0);
	cr_assert_eq(memory_set_find_free_area(set, 0x1000, 0x1000, limit, 0, &start), 0);
	cr_assert_eq(start, 0x3000);
	cr_assert_eq(memory_set_find_free_area(set, 0x1000, 0x2000, limit, 0, &start), 0);
	cr_assert_eq(start, 0x6000);
	cr_assert_eq(memory_set_find_free_area(set, 0, 0x6000, limit, 0, &start), 0);
	cr_assert_eq(start, 0xa000);
	cr_assert_eq(memory_set_find_free_area(set, 0, 0x7000, limit, 0, &start), -ENOMEM);
}

Test(memory_set_examples, clear_unmaps_everything)
{
	cr_assert_eq(map(0x1000, 0x3000, RW, MEMORY_SET_REFUSE), 0);
	cr_assert_eq(map(0x7000, 0x8000, R, MEMORY_SET_REFUSE), 0);
	cr_assert_eq(memory_set_clear(set, &table), 0);
	cr_assert_eq(memory_set_clear(set, &table), 0, "clearing an empty set is fine");
	assert_set(set, "");
	assert_pages("................");
}

Test(memory_set_examples, areas_of_one_set_may_have_different_backends)
{
	struct failing_backend other;
	struct memory_area area = area_of(0x3000, 0x5000, R, &other.backend);

	failing_backend_init(&other, &page_array_backend, 1, -EIO);
	cr_assert_eq(map(0x1000, 0x3000, RW, MEMORY_SET_REFUSE), 0);
	cr_assert_eq(memory_set_map(set, &area, MEMORY_SET_REFUSE, &table), 0);
	cr_assert_eq(memory_set_unmap(set, (struct addr_range){ 0, 0x10000 }, &table), -EIO);
	assert_set(set, "3000-5000 r--");
	assert_pages("...11...........");
}

/* -EEXIST and -EFAULT are what a set that drives it correctly never sees. */
Test(memory_set_examples, page_array_notices_a_wrong_caller)
{
	const struct mapping_backend_ops *ops = page_array_backend.ops;
	struct memory_area area = area_of(0x1000, 0x3000, RW, &page_array_backend);
	struct addr_range beside = { 0x2000, 0x4000 };

	cr_assert_eq(ops->map(&page_array_backend, &area, &table), 0);
	cr_assert_eq(ops->map(&page_array_backend, &area, &table), -EEXIST);
	cr_assert_eq(ops->unmap(&page_array_backend, beside, &table), -EFAULT);
	cr_assert_eq(ops->protect(&page_array_backend, beside, R, &table), -EFAULT);
	area.range.end = (N_PAGES + 1) * (uint64_t)PAGE;
	cr_assert_eq(ops->map(&page_array_backend, &area, &table), -EFAULT);
	assert_pages(".33.............");
}
