/* SPDX-License-Identifier: Apache-2.0 */

/* Tests that the page allocator's blocks have room, are aligned, and do not overlap. */

#include <criterion/criterion.h>
#include <inttypes.h>
#include <string.h>
#include "../test_random.h"
#include "base/page_allocator.h"

#define REQUESTS 200
#define STEPS	 20000

static struct page_allocator pages;

static void begin(void)
{
	page_allocator_init(&pages);
}

TestSuite(page_allocator, .init = begin);

static void *take(size_t size)
{
	return pages.allocator.alloc(pages.allocator.context, size);
}

static void give(void *memory, size_t size)
{
	pages.allocator.free(pages.allocator.context, memory, size);
}

static bool is_in_a_region(const void *memory, size_t size)
{
	for (unsigned i = 0; i < pages.n_regions; i++)
		if ((uintptr_t)memory >= pages.regions[i].start &&
		    (uintptr_t)memory + size <= pages.regions[i].end)
			return true;
	return false;
}

Test(page_allocator, blocks_are_aligned_and_nobody_elses)
{
	static struct {
		uint8_t *memory;
		size_t size;
	} requests[REQUESTS];
	uint64_t seed = seed_of_test(), random = seed;

	for (unsigned step = 0; step < STEPS; step++) {
		unsigned i = (unsigned)(draw(&random) % REQUESTS);
		size_t size = 1 + draw(&random) % (draw(&random) % 50 == 0 ? 1u << 20 : 3000);

		for (size_t at = 0; at < requests[i].size; at += 61)
			cr_assert_eq(requests[i].memory[at], (uint8_t)i,
				     "ML_TEST_SEED=%" PRIu64 " step %u", seed, step);
		give(requests[i].memory, requests[i].size); /* NULL the first time */
		requests[i].memory = take(size);
		requests[i].size = size;
		cr_assert_not_null(requests[i].memory);
		cr_assert_eq((uintptr_t)requests[i].memory % 64, 0);
		cr_assert(is_in_a_region(requests[i].memory, size));
		memset(requests[i].memory, (int)i, size);
	}
	cr_expect_lt(pages.n_regions, PAGE_ALLOCATOR_REGIONS / 2);
}

Test(page_allocator, freed_blocks_are_handed_out_again)
{
	void *first = take(100), *second = take(100);

	give(first, 100);
	give(second, 100);
	cr_expect_eq(take(128), second, "of the same size class, the last one first");
	cr_expect_eq(take(65), first);
	cr_expect_neq(take(129), first);
	cr_expect_eq(pages.n_regions, 1);
}

Test(page_allocator, closed_it_maps_nothing_more)
{
	void *block = take(64);

	cr_assert_eq(pages.n_regions, 1);
	pages.closed = true;
	cr_expect_not_null(take(64), "there is room in the region");
	cr_expect_null(take(1 << 20));
	give(block, 64);
	cr_expect_eq(take(64), block);
	cr_expect_eq(pages.n_regions, 1);
}

Test(page_allocator, what_no_machine_has_is_refused)
{
	cr_expect_null(take((size_t)1 << 46), "the kernel refuses");
	cr_expect_null(take(SIZE_MAX), "there is no such class");
	cr_expect_eq(pages.n_regions, 0);
	cr_expect_not_null(take(1), "and nothing is broken");
}

Test(page_allocator, there_are_only_so_many_regions)
{
	unsigned n = 0;

	pages.n_regions = PAGE_ALLOCATOR_REGIONS - 1;
	while (n < 2 && take((size_t)1 << 28) != NULL)
		n++;
	cr_expect_eq(n, 1);
}
