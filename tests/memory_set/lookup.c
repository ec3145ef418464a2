/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests lookups: find, iterate, find free room, dump.
 */

#include "support.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#define AREAS "1000-3000 rw-, 3000-4000 r--, 8000-9000 r-x"

Test(memory_set_lookup, find_and_find_from)
{
	struct {
		uint64_t addr;
		uint64_t found; /* start of the area, or 0 */
		uint64_t from;
	} rows[] = {
		{ 0, 0, 0x1000 },	    { 0xfff, 0, 0x1000 },	{ 0x1000, 0x1000, 0x1000 },
		{ 0x2fff, 0x1000, 0x1000 }, { 0x3000, 0x3000, 0x3000 }, { 0x3fff, 0x3000, 0x3000 },
		{ 0x4000, 0, 0x8000 },	    { 0x8000, 0x8000, 0x8000 }, { 0x8fff, 0x8000, 0x8000 },
		{ 0x9000, 0, 0 },	    { UINT64_MAX, 0, 0 },
	};
	struct memory_set *set = metadata_set(AREAS, false);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct memory_area *found = memory_set_find(set, rows[i].addr);
		const struct memory_area *from = memory_set_find_from(set, rows[i].addr);

		cr_expect_eq(found ? found->range.start : 0, rows[i].found, "%" PRIx64,
			     rows[i].addr);
		cr_expect_eq(from ? from->range.start : 0, rows[i].from, "%" PRIx64, rows[i].addr);
	}
	memory_set_destroy(set);
}

Test(memory_set_lookup, for_each_visits_what_overlaps_in_order)
{
	static const struct {
		struct addr_range range;
		uint64_t starts[4];
	} rows[] = {
		{ { 0, UINT64_MAX }, { 0x1000, 0x3000, 0x8000 } },
		{ { 0x2000, 0x8000 }, { 0x1000, 0x3000 } },
		{ { 0x4000, 0x8000 }, { 0 } },
		{ { 0x8fff, UINT64_MAX }, { 0x8000 } },
	};
	struct memory_set *set = metadata_set(AREAS, false);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct memory_set_iter iter;
		const struct memory_area *area;
		size_t n = 0;

		memory_set_for_each(area, &iter, set, rows[i].range)
			cr_assert_eq(area->range.start, rows[i].starts[n++]);
		cr_assert_null(area);
		cr_assert_eq(rows[i].starts[n], 0);
	}
	memory_set_destroy(set);
}

Test(memory_set_lookup, an_empty_set_has_nothing)
{
	struct memory_set *set = metadata_set("", false);
	struct memory_set_iter iter = memory_set_iter_from_end(set, MEMORY_SET_ALL);
	uint64_t start;

	cr_assert_null(memory_set_find(set, 0));
	cr_assert_null(memory_set_find_from(set, 0));
	cr_assert_null(memory_set_iter_prev(&iter));
	cr_assert_null(memory_set_iter_next(&iter));
	cr_assert_eq(memory_set_find_free_area(set, 0x5000, 0x1000, MEMORY_SET_ALL, 0, &start), 0);
	cr_assert_eq(start, 0x5000);
	memory_set_destroy(set);
}

Test(memory_set_lookup, iterating_visits_what_overlaps_the_range)
{
	struct {
		struct addr_range range;
		char starts[32];
		char backwards[32];
	} rows[] = {
		{ { 0, UINT64_MAX }, "1000 3000 8000 ", "8000 3000 1000 " },
		{ { 0, 0x1000 }, "", "" },
		{ { 0, 0x1001 }, "1000 ", "1000 " },
		{ { 0x2fff, 0x3000 }, "1000 ", "1000 " },
		{ { 0x2000, 0x3001 }, "1000 3000 ", "3000 1000 " },
		{ { 0x4000, 0x8000 }, "", "" },
		{ { 0x3fff, 0x8001 }, "3000 8000 ", "8000 3000 " },
		{ { 0x9000, UINT64_MAX }, "", "" },
		{ { 0x2000, 0x2000 }, "", "" },
		{ { 0x3000, 0x2000 }, "", "" },
	};
	struct memory_set *set = metadata_set(AREAS, false);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct memory_set_iter next = memory_set_iter_from_start(set, rows[i].range);
		struct memory_set_iter prev = memory_set_iter_from_end(set, rows[i].range);
		const struct memory_area *area;
		char text[64] = "";
		int len = 0;

		while ((area = memory_set_iter_next(&next)))
			len += sprintf(&text[len], "%" PRIx64 " ", area->range.start);
		cr_expect_str_eq(text, rows[i].starts);
		cr_expect_null(memory_set_iter_next(&next), "the end stays the end");
		text[len = 0] = '\0';
		while ((area = memory_set_iter_prev(&prev)))
			len += sprintf(&text[len], "%" PRIx64 " ", area->range.start);
		cr_expect_str_eq(text, rows[i].backwards);
	}
	memory_set_destroy(set);
}

Test(memory_set_lookup, an_iterator_can_turn_round)
{
	struct memory_set *set = metadata_set(AREAS, false);
	struct memory_set_iter iter = memory_set_iter_from_start(set, MEMORY_SET_ALL);
	const struct memory_area *first = memory_set_iter_next(&iter);

	cr_assert_eq(memory_set_iter_prev(&iter), first);
	cr_assert_null(memory_set_iter_prev(&iter));
	cr_assert_eq(memory_set_iter_next(&iter), first);
	while (memory_set_iter_next(&iter))
		;
	cr_assert_eq(memory_set_iter_prev(&iter)->range.start, 0x8000);
	memory_set_destroy(set);
}

#define NOWHERE UINT64_MAX

struct free_case {
	char name[32];
	uint64_t hint;
	uint64_t size;
	struct addr_range limit;
	uint64_t alignment;
	uint64_t start; /* or NOWHERE */
};

/* gaps: 0-1000, 3000-5000, 6000-8000 and from 9000 on */
static const struct free_case free_cases[] = {
	{ "below all", 0, 0x1000, { 0, 0x10000 }, 0, 0 },
	{ "hint is rounded up", 0x1, 0x1000, { 0, 0x10000 }, 0, 0x3000 },
	{ "hint in an area", 0x1000, 0x2000, { 0, 0x10000 }, 0, 0x3000 },
	{ "hint inside a gap", 0x4000, 0x1000, { 0, 0x10000 }, 0, 0x4000 },
	{ "rest of the gap too small", 0x4000, 0x2000, { 0, 0x10000 }, 0, 0x6000 },
	{ "behind all", 0, 0x3000, { 0, 0x10000 }, 0, 0x9000 },
	{ "up to the limit", 0, 0x7000, { 0, 0x10000 }, 0, 0x9000 },
	{ "beyond the limit", 0, 0x8000, { 0, 0x10000 }, 0, NOWHERE },
	{ "limit cuts a gap", 0x1000, 0x2000, { 0, 0x4000 }, 0, NOWHERE },
	{ "limit starts in a gap", 0, 0x1000, { 0x4000, 0x5000 }, 0, 0x4000 },
	{ "limit above the hint", 0, 0x1000, { 0x7000, 0x9000 }, 0, 0x7000 },
	{ "limit is full", 0, 0x1000, { 0x1000, 0x3000 }, 0, NOWHERE },
	{ "limit not aligned", 0, 0x1000, { 0x3001, 0x4fff }, 0, NOWHERE },
	{ "hint at the limit", 0x10000, 0x1000, { 0, 0x10000 }, 0, NOWHERE },
	{ "aligned", 0x1000, 0x1000, { 0, 0x10000 }, 0x4000, 0x4000 },
	{ "aligned, wide gap no use", 0x1000, 0x2000, { 0, 0x40000 }, 0x4000, 0xc000 },
	{ "aligned hint", 0x9000, 0x1000, { 0, 0x40000 }, 0x10000, 0x10000 },
	{ "small alignment", 0x1000, 0x1000, { 0, 0x10000 }, 0x10, 0x3000 },
	{ "to the end", 0, 0xffffffffffff6000, { 0, UINT64_MAX }, 0, 0x9000 },
	{ "beyond the end", 0, 0xffffffffffff7000, { 0, UINT64_MAX }, 0, NOWHERE },
	{ "hint at the end", UINT64_MAX, 0x1000, { 0, UINT64_MAX }, 0, NOWHERE },
	{ "alignment at the end", 0x9000, 0x1000, { 0, UINT64_MAX }, 1ULL << 63, 1ULL << 63 },
};

Test(memory_set_lookup, find_free_area)
{
	struct memory_set *set = metadata_set("1000-3000 rw-, 5000-6000 rw-, 8000-9000 rw-", false);

	for (size_t i = 0; i < sizeof(free_cases) / sizeof(free_cases[0]); i++) {
		const struct free_case *c = &free_cases[i];
		uint64_t start = NOWHERE;
		int error = memory_set_find_free_area(set, c->hint, c->size, c->limit, c->alignment,
						      &start);

		cr_expect_eq(error, c->start == NOWHERE ? -ENOMEM : 0, "%s", c->name);
		cr_expect_eq(start, c->start, "%s: %" PRIx64 " instead of %" PRIx64, c->name, start,
			     c->start);
	}
	memory_set_destroy(set);
}

Test(memory_set_lookup, find_free_area_refuses_nonsense)
{
	struct memory_set *set = metadata_set("", false);
	uint64_t start;

	cr_expect_eq(memory_set_find_free_area(set, 0, 0, MEMORY_SET_ALL, 0, &start), -EINVAL);
	cr_expect_eq(memory_set_find_free_area(set, 0, 0x800, MEMORY_SET_ALL, 0, &start), -EINVAL);
	cr_expect_eq(memory_set_find_free_area(set, 0, 0x1000, MEMORY_SET_ALL, 0x3000, &start),
		     -EINVAL);
	memory_set_destroy(set);
}

Test(memory_set_lookup, dump_is_one_line_per_area)
{
	struct memory_set *set = metadata_set("1000-5000 rw- @0 by 1", false);
	struct memory_area last = area_of(0x8000, 0xfffffffffffff000, UINT64_MAX, NULL);
	struct text_log written = { .len = 0 };

	last.tag[0] = 0x10;
	last.tag[1] = UINT64_MAX;
	cr_assert_eq(memory_set_map(set, &last, MEMORY_SET_REFUSE, NULL), 0);
	memory_set_dump(set, text_log_write, &written);
	cr_assert_str_eq(written.text,
			 "1000-5000 3 0 1 0 0\n"
			 "8000-fffffffffffff000 ffffffffffffffff ffffffffffffffff 0 10 "
			 "ffffffffffffffff\n");
	memory_set_destroy(set);
}
