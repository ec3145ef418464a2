/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests each operation with ranges that overlap the areas in every way.
 *
 *          3000      6000      9000      c000
 *            [  rw-    )         [  r-x    )
 */

#include "support.h"

#include <errno.h>

#define TWO_AREAS "3000-6000 rw- @3000, 9000-c000 r-x @9000"

struct overlap_case {
	char name[32];
	struct addr_range range;
	char unmapped[128];
	char mapped[128];    /* a new area in place of the range; replacing */
	char protected[192]; /* to r-- */
	bool free;	     /* nothing is in the range */
};

static const struct overlap_case cases[] = {
	{ "before",
	  { 0x1000, 0x2000 },
	  "3000-6000 rw- @3000, 9000-c000 r-x @9000",
	  "1000-2000 -w- by 7, 3000-6000 rw- @3000, 9000-c000 r-x @9000",
	  "3000-6000 rw- @3000, 9000-c000 r-x @9000",
	  true },
	{ "touching from the left",
	  { 0x1000, 0x3000 },
	  "3000-6000 rw- @3000, 9000-c000 r-x @9000",
	  "1000-3000 -w- by 7, 3000-6000 rw- @3000, 9000-c000 r-x @9000",
	  "3000-6000 rw- @3000, 9000-c000 r-x @9000",
	  true },
	{ "left overlap",
	  { 0x2000, 0x4000 },
	  "4000-6000 rw- @4000, 9000-c000 r-x @9000",
	  "2000-4000 -w- by 7, 4000-6000 rw- @4000, 9000-c000 r-x @9000",
	  "3000-4000 r-- @3000, 4000-6000 rw- @4000, 9000-c000 r-x @9000",
	  false },
	{ "left part",
	  { 0x3000, 0x4000 },
	  "4000-6000 rw- @4000, 9000-c000 r-x @9000",
	  "3000-4000 -w- by 7, 4000-6000 rw- @4000, 9000-c000 r-x @9000",
	  "3000-4000 r-- @3000, 4000-6000 rw- @4000, 9000-c000 r-x @9000",
	  false },
	{ "inside",
	  { 0x4000, 0x5000 },
	  "3000-4000 rw- @3000, 5000-6000 rw- @5000, 9000-c000 r-x @9000",
	  "3000-4000 rw- @3000, 4000-5000 -w- by 7, 5000-6000 rw- @5000, 9000-c000 r-x @9000",
	  "3000-4000 rw- @3000, 4000-5000 r-- @4000, 5000-6000 rw- @5000, 9000-c000 r-x @9000",
	  false },
	{ "right part",
	  { 0x5000, 0x6000 },
	  "3000-5000 rw- @3000, 9000-c000 r-x @9000",
	  "3000-5000 rw- @3000, 5000-6000 -w- by 7, 9000-c000 r-x @9000",
	  "3000-5000 rw- @3000, 5000-6000 r-- @5000, 9000-c000 r-x @9000",
	  false },
	{ "right overlap",
	  { 0x5000, 0x7000 },
	  "3000-5000 rw- @3000, 9000-c000 r-x @9000",
	  "3000-5000 rw- @3000, 5000-7000 -w- by 7, 9000-c000 r-x @9000",
	  "3000-5000 rw- @3000, 5000-6000 r-- @5000, 9000-c000 r-x @9000",
	  false },
	{ "equal",
	  { 0x3000, 0x6000 },
	  "9000-c000 r-x @9000",
	  "3000-6000 -w- by 7, 9000-c000 r-x @9000",
	  "3000-6000 r-- @3000, 9000-c000 r-x @9000",
	  false },
	{ "covering",
	  { 0x2000, 0x7000 },
	  "9000-c000 r-x @9000",
	  "2000-7000 -w- by 7, 9000-c000 r-x @9000",
	  "3000-6000 r-- @3000, 9000-c000 r-x @9000",
	  false },
	{ "covering up to the left edge",
	  { 0x3000, 0x7000 },
	  "9000-c000 r-x @9000",
	  "3000-7000 -w- by 7, 9000-c000 r-x @9000",
	  "3000-6000 r-- @3000, 9000-c000 r-x @9000",
	  false },
	{ "covering up to the right edge",
	  { 0x2000, 0x6000 },
	  "9000-c000 r-x @9000",
	  "2000-6000 -w- by 7, 9000-c000 r-x @9000",
	  "3000-6000 r-- @3000, 9000-c000 r-x @9000",
	  false },
	{ "touching from the right",
	  { 0x6000, 0x8000 },
	  "3000-6000 rw- @3000, 9000-c000 r-x @9000",
	  "3000-6000 rw- @3000, 6000-8000 -w- by 7, 9000-c000 r-x @9000",
	  "3000-6000 rw- @3000, 9000-c000 r-x @9000",
	  true },
	{ "the gap",
	  { 0x6000, 0x9000 },
	  "3000-6000 rw- @3000, 9000-c000 r-x @9000",
	  "3000-6000 rw- @3000, 6000-9000 -w- by 7, 9000-c000 r-x @9000",
	  "3000-6000 rw- @3000, 9000-c000 r-x @9000",
	  true },
	{ "both areas partly",
	  { 0x4000, 0xa000 },
	  "3000-4000 rw- @3000, a000-c000 r-x @a000",
	  "3000-4000 rw- @3000, 4000-a000 -w- by 7, a000-c000 r-x @a000",
	  "3000-4000 rw- @3000, 4000-6000 r-- @4000, 9000-a000 r-- @9000, a000-c000 r-x @a000",
	  false },
	{ "one wholly, one partly",
	  { 0x1000, 0xa000 },
	  "a000-c000 r-x @a000",
	  "1000-a000 -w- by 7, a000-c000 r-x @a000",
	  "3000-6000 r-- @3000, 9000-a000 r-- @9000, a000-c000 r-x @a000",
	  false },
	{ "one partly, one wholly",
	  { 0x4000, 0xc000 },
	  "3000-4000 rw- @3000",
	  "3000-4000 rw- @3000, 4000-c000 -w- by 7",
	  "3000-4000 rw- @3000, 4000-6000 r-- @4000, 9000-c000 r-- @9000",
	  false },
	{ "both, exactly",
	  { 0x3000, 0xc000 },
	  "",
	  "3000-c000 -w- by 7",
	  "3000-6000 r-- @3000, 9000-c000 r-- @9000",
	  false },
	{ "everything",
	  { 0, 0xfffffffffffff000 },
	  "",
	  "0-fffffffffffff000 -w- by 7",
	  "3000-6000 r-- @3000, 9000-c000 r-- @9000",
	  false },
	{ "behind",
	  { 0xd000, 0xe000 },
	  "3000-6000 rw- @3000, 9000-c000 r-x @9000",
	  "3000-6000 rw- @3000, 9000-c000 r-x @9000, d000-e000 -w- by 7",
	  "3000-6000 rw- @3000, 9000-c000 r-x @9000",
	  true },
};

#define for_each_case(c)                                                                           \
	for (const struct overlap_case *c = cases; c < cases + sizeof(cases) / sizeof(*cases); c++)

static struct memory_area new_area(struct addr_range range)
{
	struct memory_area area = area_of(range.start, range.end, W, NO_BACKEND);

	area.origin = 7;
	return area;
}

/* Merging must not matter where no two areas are alike. */
static struct memory_set *set_for(const struct overlap_case *c)
{
	return metadata_set(TWO_AREAS, c->range.start & 0x1000);
}

Test(memory_set_overlap, unmap)
{
	for_each_case(c)
	{
		struct memory_set *set = set_for(c);

		cr_assert_eq(memory_set_unmap(set, c->range, NULL), 0);
		assert_set_case(set, c->unmapped, c->name);
		memory_set_destroy(set);
	}
}

Test(memory_set_overlap, protect)
{
	for_each_case(c)
	{
		struct memory_set *set = set_for(c);

		cr_assert_eq(memory_set_protect(set, c->range, R, NULL, NULL, NULL), 0);
		assert_set_case(set, c->protected, c->name);
		memory_set_destroy(set);
	}
}

Test(memory_set_overlap, map_and_replace)
{
	for_each_case(c)
	{
		struct memory_set *set = set_for(c);
		struct memory_area area = new_area(c->range);

		cr_assert_eq(memory_set_map(set, &area, MEMORY_SET_REPLACE, NULL), 0);
		assert_set_case(set, c->mapped, c->name);
		memory_set_destroy(set);
	}
}

Test(memory_set_overlap, map_or_refuse)
{
	for_each_case(c)
	{
		struct memory_set *set = set_for(c);
		struct memory_area area = new_area(c->range);
		int wanted = c->free ? 0 : -EEXIST;

		cr_assert_eq(memory_set_map(set, &area, MEMORY_SET_REFUSE, NULL), wanted, "%s",
			     c->name);
		assert_set_case(set, c->free ? c->mapped : TWO_AREAS, c->name);
		memory_set_destroy(set);
	}
}

Test(memory_set_overlap, replace)
{
	for_each_case(c)
	{
		struct memory_set *set = set_for(c);
		struct memory_area area = new_area(c->range);

		cr_assert_eq(memory_set_replace(set, c->range, &area, 1), 0);
		assert_set_case(set, c->mapped, c->name);
		cr_assert_eq(memory_set_replace(set, c->range, NULL, 0), 0);
		assert_set_case(set, c->unmapped, c->name);
		memory_set_destroy(set);
	}
}

Test(memory_set_overlap, overlaps)
{
	for_each_case(c)
	{
		struct memory_set *set = set_for(c);

		cr_assert_eq(memory_set_overlaps(set, c->range), !c->free, "%s", c->name);
		memory_set_destroy(set);
	}
}

Test(memory_set_overlap, an_empty_range_overlaps_nothing)
{
	struct memory_set *set = metadata_set(TWO_AREAS, false);

	cr_assert(!memory_set_overlaps(set, (struct addr_range){ 0x4000, 0x4000 }));
	cr_assert(!memory_set_overlaps(set, (struct addr_range){ 0x5000, 0x4000 }));
	memory_set_destroy(set);
}

/* The same, with each backend called for its pieces alone. */
Test(memory_set_overlap, backends_get_the_pieces)
{
	struct {
		char name[16];
		struct addr_range range;
		char calls[96];
	} rows[] = {
		{ "gap", { 0x6000, 0x9000 }, "" },
		{ "inside", { 0x4000, 0x5000 }, "unmap 4000-5000\n" },
		{ "both partly", { 0x4000, 0xa000 }, "unmap 4000-6000\nunmap 9000-a000\n" },
		{ "everything", { 0, 0x100000 }, "unmap 3000-6000\nunmap 9000-c000\n" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct memory_set *set =
			memory_set_create(&(struct memory_set_options){ .auto_reserve = true });
		struct text_log written = { .len = 0 };
		struct trace_backend trace;

		trace_backend_init(&trace, NULL, text_log_write, &written);
		fill_set(set, TWO_AREAS, &trace.backend);
		cr_assert_eq(memory_set_unmap(set, rows[i].range, NULL), 0);
		cr_assert_str_eq(written.text, rows[i].calls, "%s: %s", rows[i].name, written.text);
		memory_set_destroy(set);
	}
}
