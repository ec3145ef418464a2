/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests the attributes of areas, and when two neighbours are merged.
 */

#include "support.h"

#include <errno.h>

Test(memory_set_attributes, a_split_copies_origin_and_tags_and_moves_the_offset)
{
	struct memory_set *set = metadata_set("", false);
	struct memory_area area = area_of(0x1000, 0x5000, RW, NO_BACKEND);
	const struct memory_area *right;

	area.offset = 0x700000;
	area.origin = 3;
	area.tag[0] = 10;
	area.tag[1] = 20;
	cr_assert_eq(memory_set_map(set, &area, MEMORY_SET_REFUSE, NULL), 0);
	cr_assert_eq(memory_set_unmap(set, (struct addr_range){ 0x2000, 0x3000 }, NULL), 0);
	assert_set(set, "1000-2000 rw- @700000 by 3, 3000-5000 rw- @702000 by 3");
	right = memory_set_find(set, 0x3000);
	cr_assert_eq(right->tag[0], 10);
	cr_assert_eq(right->tag[1], 20);
	memory_set_destroy(set);
}

Test(memory_set_attributes, no_offset_stays_no_offset)
{
	struct memory_set *set = metadata_set("1000-5000 rw-", false);

	cr_assert_eq(memory_set_unmap(set, (struct addr_range){ 0x1000, 0x2000 }, NULL), 0);
	cr_assert_eq(memory_set_unmap(set, (struct addr_range){ 0x3000, 0x4000 }, NULL), 0);
	assert_set(set, "2000-3000 rw-, 4000-5000 rw-");
	memory_set_destroy(set);
}

struct merge_case {
	char name[32];
	char before[96];
	struct addr_range range; /* is made rw- */
	char after[96];
};

static const struct merge_case merge_cases[] = {
	{ "to the left", "1000-2000 rw-, 2000-3000 r--", { 0x2000, 0x3000 }, "1000-3000 rw-" },
	{ "to the right", "1000-2000 r--, 2000-3000 rw-", { 0x1000, 0x2000 }, "1000-3000 rw-" },
	{ "both",
	  "1000-2000 rw-, 2000-3000 r--, 3000-4000 rw-",
	  { 0x2000, 0x3000 },
	  "1000-4000 rw-" },
	{ "a boundary moves right",
	  "1000-2000 rw-, 2000-4000 r--",
	  { 0x2000, 0x3000 },
	  "1000-3000 rw-, 3000-4000 r--" },
	{ "a boundary moves left",
	  "1000-3000 r--, 3000-4000 rw-",
	  { 0x2000, 0x3000 },
	  "1000-2000 r--, 2000-4000 rw-" },
	{ "many become one",
	  "1000-2000 rw-, 2000-3000 r--, 3000-4000 r-x, 4000-5000 r--",
	  { 0, 0x10000 },
	  "1000-5000 rw-" },
	{ "a gap parts",
	  "1000-2000 rw-, 3000-4000 r--",
	  { 0x3000, 0x4000 },
	  "1000-2000 rw-, 3000-4000 rw-" },
	{ "two runs",
	  "1000-2000 r--, 2000-3000 rw-, 4000-5000 rw-, 5000-6000 r--",
	  { 0x1000, 0x6000 },
	  "1000-3000 rw-, 4000-6000 rw-" },
	{ "contiguous offsets",
	  "1000-2000 rw- @1000, 2000-3000 r-- @2000",
	  { 0x2000, 0x3000 },
	  "1000-3000 rw- @1000" },
	{ "other offset",
	  "1000-2000 rw- @1000, 2000-3000 r-- @3000",
	  { 0x2000, 0x3000 },
	  "1000-2000 rw- @1000, 2000-3000 rw- @3000" },
	{ "one without offset",
	  "1000-2000 rw- @1000, 2000-3000 r--",
	  { 0x2000, 0x3000 },
	  "1000-2000 rw- @1000, 2000-3000 rw-" },
	{ "the other without offset",
	  "1000-2000 r--, 2000-3000 rw- @2000",
	  { 0x1000, 0x2000 },
	  "1000-2000 rw-, 2000-3000 rw- @2000" },
	{ "other origin",
	  "1000-2000 rw- by 1, 2000-3000 r-- by 2",
	  { 0x2000, 0x3000 },
	  "1000-2000 rw- by 1, 2000-3000 rw- by 2" },
	{ "at address 0", "0-1000 rw-, 1000-2000 r--", { 0x1000, 0x2000 }, "0-2000 rw-" },
};

Test(memory_set_attributes, protect_merges_equal_neighbours)
{
	for (size_t i = 0; i < sizeof(merge_cases) / sizeof(merge_cases[0]); i++) {
		const struct merge_case *c = &merge_cases[i];
		struct memory_set *set = metadata_set(c->before, true);

		cr_assert_eq(memory_set_protect(set, c->range, RW, NULL, NULL, NULL), 0);
		assert_set_case(set, c->after, c->name);
		memory_set_destroy(set);
	}
}

Test(memory_set_attributes, map_merges_with_what_it_touches)
{
	struct {
		char name[16];
		char before[64];
		char after[64];
	} rows[] = {
		{ "left", "1000-2000 rw-", "1000-3000 rw-" },
		{ "right", "3000-4000 rw-", "2000-4000 rw-" },
		{ "both", "1000-2000 rw-, 3000-4000 rw-", "1000-4000 rw-" },
		{ "neither", "1000-2000 r--, 3000-4000 r--",
		  "1000-2000 r--, 2000-3000 rw-, 3000-4000 r--" },
		{ "into itself", "1000-4000 rw-", "1000-4000 rw-" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct memory_set *set = metadata_set(rows[i].before, true);
		struct memory_area area = area_of(0x2000, 0x3000, RW, NO_BACKEND);

		cr_assert_eq(memory_set_map(set, &area, MEMORY_SET_REPLACE, NULL), 0);
		assert_set_case(set, rows[i].after, rows[i].name);
		memory_set_destroy(set);
	}
}

Test(memory_set_attributes, map_merges_offsets_on_both_sides)
{
	struct memory_set *set = metadata_set("1000-2000 rw- @1000, 3000-4000 rw- @3000", true);
	struct memory_area area = area_of(0x2000, 0x3000, RW, NO_BACKEND);

	area.offset = 0x2000;
	cr_assert_eq(memory_set_map(set, &area, MEMORY_SET_REFUSE, NULL), 0);
	assert_set(set, "1000-4000 rw- @1000");
	cr_assert_eq(memory_set_unmap(set, (struct addr_range){ 0x1000, 0x3000 }, NULL), 0);
	cr_assert_eq(memory_set_map(set, &area, MEMORY_SET_REFUSE, NULL), 0);
	assert_set(set, "2000-4000 rw- @2000");
	memory_set_destroy(set);
}

Test(memory_set_attributes, tags_and_backends_keep_areas_apart)
{
	struct mapping_backend one = { .ops = page_array_backend.ops };
	struct mapping_backend two = { .ops = page_array_backend.ops };
	struct memory_set *set = metadata_set("", true);
	struct memory_area areas[] = {
		area_of(0x1000, 0x2000, RW, &one),
		area_of(0x2000, 0x3000, RW, &two),
		area_of(0x3000, 0x4000, RW, &two),
		area_of(0x4000, 0x5000, RW, &two),
	};

	areas[2].tag[0] = 1;
	areas[3].tag[0] = 1;
	areas[3].tag[1] = 1;
	cr_assert_eq(memory_set_replace(set, (struct addr_range){ 0x1000, 0x5000 }, areas, 4), 0);
	cr_assert_eq(memory_set_count(set), 4);
	memory_set_destroy(set);
}

Test(memory_set_attributes, without_merging_equal_neighbours_stay_apart)
{
	struct memory_set *set = metadata_set("1000-2000 rw-, 2000-3000 r--", false);

	cr_assert_eq(memory_set_protect(set, (struct addr_range){ 0x2000, 0x3000 }, RW, NULL, NULL,
					NULL),
		     0);
	assert_set(set, "1000-2000 rw-, 2000-3000 rw-");
	memory_set_destroy(set);
}

/* As the shim does when a lock is taken: a million times must not cost a million areas. */
Test(memory_set_attributes, a_toggled_protection_leaves_no_trace)
{
	struct memory_set *set = metadata_set("1000-9000 rw- @1000", true);
	struct addr_range page = { 0x4000, 0x5000 };

	for (int i = 0; i < 1000; i++) {
		cr_assert_eq(memory_set_protect(set, page, R, NULL, NULL, NULL), 0);
		cr_assert_eq(memory_set_count(set), 3);
		cr_assert_eq(memory_set_protect(set, page, RW, NULL, NULL, NULL), 0);
	}
	assert_set(set, "1000-9000 rw- @1000");
	memory_set_destroy(set);
}

/* ------------------------------------------------------------------ update */

/* Takes W away where there is X; declines everything else; tries what it may not do. */
static bool no_write_and_execute(struct memory_area *piece, void *context)
{
	int *asked = context;

	++*asked;
	if (!(piece->flags & X))
		return false;
	piece->flags &= ~(uint64_t)W;
	piece->range.start = 0;
	piece->offset = 0;
	piece->backend = NULL;
	return true;
}

Test(memory_set_attributes, update_is_asked_for_each_area_and_may_decline)
{
	struct memory_set *set = metadata_set("1000-3000 rw- @1000, 3000-5000 rwx @3000, "
					      "6000-8000 r-x @6000",
					      false);
	int asked = 0;

	cr_assert_eq(memory_set_protect(set, (struct addr_range){ 0x2000, 0x7000 }, R,
					no_write_and_execute, &asked, NULL),
		     0);
	cr_assert_eq(asked, 3);
	assert_set(set, "1000-3000 rw- @1000, 3000-5000 r-x @3000, 6000-8000 r-x @6000");
	memory_set_destroy(set);
}

static bool set_origin(struct memory_area *piece, void *context)
{
	piece->origin = *(uint64_t *)context;
	piece->tag[1] = piece->range.start;
	return true;
}

Test(memory_set_attributes, update_changes_more_than_flags_and_calls_nobody)
{
	struct memory_set *set =
		memory_set_create(&(struct memory_set_options){ .auto_reserve = true });
	struct failing_backend failing;
	uint64_t origin = 9;

	failing_backend_init(&failing, NULL, 0, -EIO);
	fill_set(set, "1000-4000 rw-, 5000-6000 r--", &failing.backend);
	cr_assert_eq(memory_set_update(set, (struct addr_range){ 0x2000, 0x6000 }, set_origin,
				       &origin),
		     0);
	assert_set(set, "1000-2000 rw-, 2000-4000 rw- by 9, 5000-6000 r-- by 9");
	cr_assert_eq(memory_set_find(set, 0x3000)->tag[1], 0x2000);
	memory_set_destroy(set);
}
