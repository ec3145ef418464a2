/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests sets far bigger than a process has areas. Checked as a whole now and then,
 * and with a count that is easy to know.
 */

#include "support.h"

#include <errno.h>

/*
 * Tiny nodes make a deep tree of fewer areas. At check level 2 each change costs
 * a walk over all of them.
 */
#if ML_CHECK_LEVEL >= 2
#define N_AREAS 2000ULL
#elif defined(TINY_NODES)
#define N_AREAS 20000ULL
#else
#define N_AREAS 1000000ULL
#endif

static struct memory_set *set;

/* Area @i is three pages wide and has a gap of one page behind it. */
static struct memory_area area_number(uint64_t i)
{
	struct memory_area area = area_of(i * 0x4000, i * 0x4000 + 0x3000, RW, NO_BACKEND);

	area.offset = area.range.start;
	return area;
}

static void map_number(uint64_t i)
{
	struct memory_area area = area_number(i);

	cr_assert_eq(memory_set_map(set, &area, MEMORY_SET_REFUSE, NULL), 0);
}

static void assert_count(uint64_t wanted)
{
	const char *wrong = memory_set_check(set);

	cr_assert(!wrong, "violated: %s", wrong);
	cr_assert_eq(memory_set_count(set), wanted, "%zu", memory_set_count(set));
}

static void setup(void)
{
	set = metadata_set("", true);
}

static void teardown(void)
{
	memory_set_destroy(set);
}

TestSuite(memory_set_big, .init = setup, .fini = teardown, .timeout = 300);

/* i * STRIDE % N_AREAS visits all numbers below N_AREAS, in no order. */
#define STRIDE 611953ULL

Test(memory_set_big, areas_come_in_any_order_and_go_piece_by_piece)
{
	struct addr_range all = { 0, N_AREAS * 0x4000 };
	uint64_t start;

	for (uint64_t i = 0; i < N_AREAS; i++)
		map_number(i * STRIDE % N_AREAS);
	assert_count(N_AREAS);
	for (uint64_t i = 0; i < N_AREAS; i += 97)
		cr_assert_eq(memory_set_find(set, i * 0x4000 + 5)->offset, i * 0x4000);

	cr_assert_eq(memory_set_find_free_area(set, 0, 0x2000, MEMORY_SET_ALL, 0, &start), 0);
	cr_assert_eq(start, N_AREAS * 0x4000 - 0x1000);

	/* A hole in each second area, another protection in each. */
	for (uint64_t i = 0; i < N_AREAS; i += 2) {
		uint64_t middle = i * STRIDE % N_AREAS * 0x4000 + 0x1000;
		struct addr_range hole = { middle, middle + 0x1000 };

		cr_assert_eq(memory_set_unmap(set, hole, NULL), 0);
	}
	assert_count(N_AREAS + N_AREAS / 2);
	cr_assert_eq(memory_set_protect(set, all, R, NULL, NULL, NULL), 0);
	assert_count(N_AREAS + N_AREAS / 2);

	/* A hundredth of it at once; then all but the two ends. */
	cr_assert_eq(memory_set_unmap(set,
				      (struct addr_range){ all.end / 128 * 50 & ~0xfffULL,
							   all.end / 128 * 51 & ~0xfffULL },
				      NULL),
		     0);
	cr_assert_null(memory_set_check(set));
	cr_assert_eq(memory_set_unmap(set, (struct addr_range){ 0x4000, all.end - 0x4000 }, NULL),
		     0);
	cr_assert_null(memory_set_check(set));
	cr_assert_leq(memory_set_count(set), 4);
	cr_assert_eq(memory_set_clear(set, NULL), 0);
	assert_count(0);
}

Test(memory_set_big, areas_come_in_order_and_packed)
{
	for (uint64_t i = 0; i < N_AREAS; i++)
		map_number(i);
	assert_count(N_AREAS);
#if !defined(TINY_NODES) && ML_CHECK_LEVEL < 2
	cr_assert_lt(memory_set_memory(set) / N_AREAS, 130);
#endif
	for (uint64_t i = 0; i < N_AREAS; i++)
		cr_assert_eq(memory_set_unmap(set, area_number(i).range, NULL), 0);
	assert_count(0);
	for (uint64_t i = N_AREAS; i-- > 0;)
		map_number(i);
	assert_count(N_AREAS);
}

/* All gaps are filled: a million areas become one. */
Test(memory_set_big, many_areas_merge_into_one)
{
	struct addr_range all = { 0, N_AREAS * 0x4000 };

	for (uint64_t i = 0; i < N_AREAS; i++) {
		struct memory_area gap = area_number(i);

		map_number(i);
		gap.range.start += 0x3000;
		gap.range.end += 0x1000;
		gap.offset += 0x3000;
		gap.flags = i & 1 ? R : RX;
		cr_assert_eq(memory_set_map(set, &gap, MEMORY_SET_REFUSE, NULL), 0);
	}
	assert_count(2 * N_AREAS);
	cr_assert_eq(memory_set_protect(set, all, RW, NULL, NULL, NULL), 0);
	assert_count(1);
}
