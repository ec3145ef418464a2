/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests which backend is called with what, and what is left when one fails.
 */

#include "support.h"

#include <errno.h>

static struct text_log written;
static struct failing_backend failing;
static struct trace_backend trace; /* writes what it passes on to failing */
static struct memory_set *set;

#define THREE_AREAS "1000-2000 rw-, 3000-5000 rw-, 6000-8000 r--"

static const struct addr_range most = { 0x1000, 0x7000 };

static void make_set(enum memory_set_dispatch dispatch, uint64_t calls_left)
{
	bool per_area = dispatch == MEMORY_SET_PER_AREA;

	failing_backend_init(&failing, NULL, calls_left, -EIO);
	trace_backend_init(&trace, &failing.backend, text_log_write, &written);
	set = memory_set_create(&(struct memory_set_options){
		.dispatch = dispatch,
		.backend = per_area ? NULL : &trace.backend,
		.auto_reserve = true,
	});
	fill_set(set, THREE_AREAS, per_area ? &trace.backend : NULL);
}

static int map(uint64_t start, uint64_t end)
{
	struct memory_area area = area_of(start, end, X, &trace.backend);

	return memory_set_map(set, &area, MEMORY_SET_REPLACE, NULL);
}

static int protect(struct addr_range range, uint64_t flags)
{
	return memory_set_protect(set, range, flags, NULL, NULL, NULL);
}

static void assert_calls(const char *calls)
{
	cr_assert_str_eq(written.text, calls, "\n  wanted:\n%s\n  is:\n%s", calls, written.text);
}

static void teardown(void)
{
	memory_set_destroy(set);
}

TestSuite(memory_set_per_area, .fini = teardown);
TestSuite(memory_set_per_request, .fini = teardown);

Test(memory_set_per_area, unmap_ends_at_the_first_failure)
{
	make_set(MEMORY_SET_PER_AREA, 1);
	cr_assert_eq(memory_set_unmap(set, most, NULL), -EIO);
	assert_calls("unmap 1000-2000\nunmap 3000-5000 = -5\n");
	assert_set(set, "3000-5000 rw-, 6000-8000 r--");
}

Test(memory_set_per_area, unmap_that_fails_at_once_changes_nothing)
{
	make_set(MEMORY_SET_PER_AREA, 0);
	cr_assert_eq(memory_set_unmap(set, (struct addr_range){ 0x4000, 0x7000 }, NULL), -EIO);
	assert_calls("unmap 4000-5000 = -5\n");
	assert_set(set, THREE_AREAS);
}

Test(memory_set_per_area, protect_ends_at_the_first_failure)
{
	make_set(MEMORY_SET_PER_AREA, 2);
	cr_assert_eq(protect(most, X), -EIO);
	assert_calls("protect 1000-2000 flags 4\nprotect 3000-5000 flags 4\n"
		     "protect 6000-7000 flags 4 = -5\n");
	assert_set(set, "1000-2000 --x, 3000-5000 --x, 6000-8000 r--");
}

Test(memory_set_per_area, protect_skips_what_is_so_already)
{
	make_set(MEMORY_SET_PER_AREA, 9);
	cr_assert_eq(protect(most, RW), 0);
	assert_calls("protect 6000-7000 flags 3\n");
	assert_set(set, "1000-2000 rw-, 3000-5000 rw-, 6000-7000 rw-, 7000-8000 r--");
}

Test(memory_set_per_area, protecting_to_equal_flags_calls_no_backend)
{
	make_set(MEMORY_SET_PER_AREA, 9);
	cr_assert_eq(protect((struct addr_range){ 0x1000, 0x2000 }, RW), 0);
	cr_assert_eq(protect((struct addr_range){ 0x3000, 0x4000 }, RW), 0);
	assert_calls("");
	assert_set(set, THREE_AREAS);
}

Test(memory_set_per_area, map_unmaps_first)
{
	make_set(MEMORY_SET_PER_AREA, 9);
	cr_assert_eq(map(0x4000, 0x7000), 0);
	assert_calls("unmap 4000-5000\nunmap 6000-7000\nmap 4000-7000 flags 4\n");
	assert_set(set, "1000-2000 rw-, 3000-4000 rw-, 4000-7000 --x, 7000-8000 r--");
}

Test(memory_set_per_area, map_that_cant_unmap_maps_nothing)
{
	make_set(MEMORY_SET_PER_AREA, 1);
	cr_assert_eq(map(0x4000, 0x7000), -EIO);
	assert_calls("unmap 4000-5000\nunmap 6000-7000 = -5\n");
	assert_set(set, "1000-2000 rw-, 3000-4000 rw-, 6000-8000 r--");
}

Test(memory_set_per_area, map_that_fails_leaves_the_old_areas_unmapped)
{
	make_set(MEMORY_SET_PER_AREA, 2);
	cr_assert_eq(map(0x4000, 0x7000), -EIO);
	assert_calls("unmap 4000-5000\nunmap 6000-7000\nmap 4000-7000 flags 4 = -5\n");
	assert_set(set, "1000-2000 rw-, 3000-4000 rw-, 7000-8000 r--");
}

Test(memory_set_per_area, clear_asks_each_area)
{
	make_set(MEMORY_SET_PER_AREA, 9);
	cr_assert_eq(memory_set_clear(set, NULL), 0);
	assert_calls("unmap 1000-2000\nunmap 3000-5000\nunmap 6000-8000\n");
	assert_set(set, "");
}

Test(memory_set_per_area, an_area_needs_a_backend)
{
	struct memory_area area = area_of(0xa000, 0xb000, R, NULL);

	make_set(MEMORY_SET_PER_AREA, 9);
	cr_assert_eq(memory_set_map(set, &area, MEMORY_SET_REFUSE, NULL), -EINVAL);
	cr_assert_eq(memory_set_replace(set, area.range, &area, 1), -EINVAL);
	assert_set(set, THREE_AREAS);
}

static int move_map(struct mapping_backend *backend, struct memory_area *area, void *page_table)
{
	(void)backend;
	(void)page_table;
	area->range.start += 0x2000;
	area->range.end += 0x2000;
	area->flags = R;
	area->offset = 0x9000;
	area->origin = 5;
	return 0;
}

static int no_unmap(struct mapping_backend *backend, struct addr_range range, void *page_table)
{
	(void)backend;
	(void)range;
	(void)page_table;
	return -EPERM;
}

static int no_protect(struct mapping_backend *backend, struct addr_range range, uint64_t flags,
		      void *page_table)
{
	(void)flags;
	return no_unmap(backend, range, page_table);
}

static const struct mapping_backend_ops move_ops = { "move", move_map, no_unmap, no_protect };
static struct mapping_backend move_backend = { &move_ops };

Test(memory_set_per_area, what_map_changes_is_ignored)
{
	struct memory_area area = area_of(0x9000, 0xa000, RW, &move_backend);

	make_set(MEMORY_SET_PER_AREA, 9);
	cr_assert_eq(memory_set_map(set, &area, MEMORY_SET_REFUSE, NULL), 0);
	cr_assert_eq(area.range.start, 0x9000);
	assert_set(set, THREE_AREAS ", 9000-a000 rw-");
}

/* ------------------------------------------------------------- per request */

Test(memory_set_per_request, each_operation_is_one_call_with_the_whole_range)
{
	make_set(MEMORY_SET_PER_REQUEST, 9);
	cr_assert_eq(protect(most, X), 0);
	cr_assert_eq(memory_set_unmap(set, (struct addr_range){ 0x4000, 0xf000 }, NULL), 0);
	cr_assert_eq(map(0, 0x4000), 0);
	assert_calls("protect 1000-7000 flags 4\nunmap 4000-f000\nmap 0-4000 flags 4\n");
	assert_set(set, "0-4000 --x");
}

Test(memory_set_per_request, protecting_to_equal_flags_is_forwarded_all_the_same)
{
	make_set(MEMORY_SET_PER_REQUEST, 9);
	cr_assert_eq(protect((struct addr_range){ 0x1000, 0x2000 }, RW), 0);
	assert_calls("protect 1000-2000 flags 3\n");
	assert_set(set, THREE_AREAS);
}

Test(memory_set_per_request, a_range_with_nothing_in_it_is_forwarded_too)
{
	struct addr_range nothing = { 0x100000, 0x101000 };

	make_set(MEMORY_SET_PER_REQUEST, 9);
	cr_assert_eq(memory_set_unmap(set, nothing, NULL), 0);
	cr_assert_eq(protect(nothing, R), 0);
	assert_calls("unmap 100000-101000\nprotect 100000-101000 flags 1\n");
	assert_set(set, THREE_AREAS);
}

Test(memory_set_per_request, a_failure_changes_nothing)
{
	make_set(MEMORY_SET_PER_REQUEST, 0);
	cr_assert_eq(protect(most, X), -EIO);
	cr_assert_eq(memory_set_unmap(set, most, NULL), -EIO);
	cr_assert_eq(map(0x1000, 0x7000), -EIO);
	cr_assert_eq(memory_set_clear(set, NULL), -EIO);
	assert_calls("protect 1000-7000 flags 4 = -5\nunmap 1000-7000 = -5\n"
		     "map 1000-7000 flags 4 = -5\nunmap 1000-8000 = -5\n");
	assert_set(set, THREE_AREAS);
}

Test(memory_set_per_request, refusing_calls_nobody)
{
	struct memory_area area = area_of(0x4000, 0x6000, R, NULL);

	make_set(MEMORY_SET_PER_REQUEST, 9);
	cr_assert_eq(memory_set_map(set, &area, MEMORY_SET_REFUSE, NULL), -EEXIST);
	assert_calls("");
	assert_set(set, THREE_AREAS);
}

Test(memory_set_per_request, the_backend_may_move_and_correct_the_area)
{
	struct memory_area area = area_of(0x2000, 0x3000, RW, NULL);
	struct memory_set *moved = memory_set_create(&(struct memory_set_options){
		.dispatch = MEMORY_SET_PER_REQUEST,
		.backend = &move_backend,
		.auto_reserve = true,
	});

	make_set(MEMORY_SET_PER_REQUEST, 9);
	fill_set(moved, THREE_AREAS, NULL);
	cr_assert_eq(memory_set_map(moved, &area, MEMORY_SET_REFUSE, NULL), 0);
	cr_assert_eq(area.range.start, 0x4000);
	assert_set(moved, "1000-2000 rw-, 3000-4000 rw-, 4000-5000 r-- @9000 by 5, 6000-8000 r--");
	memory_set_destroy(moved);
}

Test(memory_set_per_request, too_little_room_calls_nobody)
{
	struct memory_area area = area_of(0x4000, 0x6000, R, NULL);
	struct memory_set *poor = memory_set_create(&(struct memory_set_options){
		.dispatch = MEMORY_SET_PER_REQUEST,
		.backend = &trace.backend,
	});

	make_set(MEMORY_SET_PER_REQUEST, 9);
	cr_assert_eq(memory_set_map(poor, &area, MEMORY_SET_REFUSE, NULL), -ENOBUFS);
	cr_assert_eq(memory_set_protect(poor, area.range, X, NULL, NULL, NULL), -ENOBUFS);
	assert_calls("");
	memory_set_destroy(poor);
}

Test(memory_set_per_request, clear_is_one_call)
{
	make_set(MEMORY_SET_PER_REQUEST, 9);
	cr_assert_eq(memory_set_clear(set, NULL), 0);
	cr_assert_eq(memory_set_clear(set, NULL), 0);
	assert_calls("unmap 1000-8000\n");
	assert_set(set, "");
}

/* ------------------------------------------------------------------ errors */

Test(memory_set_per_request, ranges_that_make_no_sense_are_refused)
{
	struct {
		char name[24];
		struct addr_range range;
	} rows[] = {
		{ "empty", { 0x1000, 0x1000 } },
		{ "backwards", { 0x2000, 0x1000 } },
		{ "start not aligned", { 0x1800, 0x3000 } },
		{ "end not aligned", { 0x1000, 0x2800 } },
		{ "the last page", { 0xfffffffffffff000, 0 } },
		{ "nothing at all", { 0, 0 } },
	};
	struct addr_range all = { 0, 0xfffffffffffff000 };

	make_set(MEMORY_SET_PER_REQUEST, 9);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct addr_range range = rows[i].range;
		struct memory_area area = area_of(range.start, range.end, R, NULL);

		cr_expect_eq(map(range.start, range.end), -EINVAL, "%s", rows[i].name);
		cr_expect_eq(memory_set_unmap(set, range, NULL), -EINVAL, "%s", rows[i].name);
		cr_expect_eq(protect(range, R), -EINVAL, "%s", rows[i].name);
		cr_expect_eq(memory_set_replace(set, range, NULL, 0), -EINVAL, "%s", rows[i].name);
		cr_expect_eq(memory_set_replace(set, all, &area, 1), -EINVAL, "%s", rows[i].name);
	}
	cr_expect_eq(memory_set_update(set, all, NULL, NULL), -EINVAL);
	assert_calls("");
	assert_set(set, THREE_AREAS);
}

Test(memory_set_per_request, replace_wants_areas_in_order_and_in_range)
{
	struct {
		char name[24];
		char areas[64];
	} rows[] = {
		{ "overlapping", "2000-4000 rw-, 3000-5000 rw-" },
		{ "out of order", "4000-5000 rw-, 2000-3000 rw-" },
		{ "sticks out left", "0-3000 rw-" },
		{ "sticks out right", "2000-3000 rw-, 6000-9000 rw-" },
	};

	make_set(MEMORY_SET_PER_REQUEST, 9);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct memory_area areas[4];
		size_t n = parse_map(rows[i].areas, NULL, areas, 4);

		cr_expect_eq(memory_set_replace(set, most, areas, n), -EINVAL, "%s", rows[i].name);
	}
	assert_set(set, THREE_AREAS);
}
