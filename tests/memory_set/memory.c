/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests where a set's memory comes from, and what happens when there is none.
 */

#include "support.h"

#include <errno.h>
#include <string.h>

static struct counting_allocator counting;
static struct text_log written;
static struct trace_backend trace;
static struct memory_set *set;

static void make_set(bool auto_reserve)
{
	counting_allocator_init(&counting, UINT64_MAX);
	trace_backend_init(&trace, NULL, text_log_write, &written);
	set = memory_set_create(&(struct memory_set_options){
		.allocator = &counting.allocator,
		.auto_reserve = auto_reserve,
	});
	cr_assert_not_null(set);
}

static void teardown(void)
{
	memory_set_destroy(set);
	cr_assert_eq(counting.bytes, 0, "%zu bytes were not given back", counting.bytes);
}

static int map(uint64_t start, uint64_t end)
{
	struct memory_area area = area_of(start, end, RW, &trace.backend);

	return memory_set_map(set, &area, MEMORY_SET_REPLACE, NULL);
}

TestSuite(memory_set_memory, .fini = teardown);

Test(memory_set_memory, nothing_works_without_a_reservation)
{
	struct memory_area area = area_of(0x1000, 0x2000, RW, &trace.backend);
	struct addr_range range = { 0x1000, 0x2000 };

	make_set(false);
	cr_assert_eq(map(0x1000, 0x2000), -ENOBUFS);
	cr_assert_eq(memory_set_replace(set, range, &area, 1), -ENOBUFS);
	cr_assert_str_eq(written.text, "", "a backend was called");
	assert_set(set, "");
	cr_assert_eq(memory_set_unmap(set, range, NULL), 0, "adds nothing, so it needs nothing");
}

Test(memory_set_memory, a_hole_needs_room_for_one_area)
{
	make_set(false);
	cr_assert_eq(memory_set_reserve(set, 1), 0);
	cr_assert_eq(memory_set_replace(set, (struct addr_range){ 0x1000, 0x2000 }, NULL, 0), 0);
	cr_assert_eq(memory_set_reserve(set, MEMORY_SET_MAX_GROWTH), 0);
	cr_assert_eq(map(0x1000, 0x9000), 0);
	cr_assert_eq(memory_set_reserve(set, 1), 0);
	cr_assert_eq(memory_set_unmap(set, (struct addr_range){ 0x2000, 0x3000 }, NULL), 0);
	assert_set(set, "1000-2000 rw-, 3000-9000 rw-");
}

/* Where memory is given out at the first touch, a promise costs little. */
Test(memory_set_memory, what_is_promised_is_not_touched)
{
	size_t touched = 0;

	make_set(false);
	cr_assert_eq(memory_set_reserve(set, 10000), 0);
	cr_assert_gt(counting.last_size, 64 * PAGE);
	cr_assert_eq(map(0x1000, 0x2000), 0);
	cr_assert_eq(map(0x4000, 0x5000), 0);
	for (size_t at = 0; at + PAGE <= counting.last_size; at += PAGE)
		for (size_t i = at; i < at + PAGE; i++)
			if (counting.last[i] != FRESH_BYTE) {
				touched++;
				break;
			}
	cr_assert_leq(touched, 2, "%zu pages", touched);
}

/* Uses up a promise in many ways: it must hold to the end. */
Test(memory_set_memory, a_reservation_is_good_for_all_it_promised)
{
	for (size_t n = 1; n <= 4000; n = n * 3 / 2 + 1) {
		size_t calls;

		make_set(false);
		cr_assert_eq(memory_set_reserve(set, n * MEMORY_SET_MAX_GROWTH), 0);
		calls = counting.calls;
		for (size_t i = 0; i < n; i++) {
			uint64_t start = (i * 7919 % n) * 0x4000;

			written.len = 0;
			cr_assert_eq(map(start, start + 0x2000), 0, "%zu of %zu", i, n);
		}
		cr_assert_eq(counting.calls, calls, "memory was asked for");
		cr_assert_null(memory_set_check(set));
		cr_assert_eq(memory_set_count(set), n);
		cr_assert_eq(memory_set_memory(set), counting.bytes);
		if (n * 3 / 2 + 1 <= 4000)
			memory_set_destroy(set);
	}
}

Test(memory_set_memory, removing_areas_breaks_no_promise)
{
	make_set(false);
	for (int round = 0; round < 50; round++) {
		cr_assert_eq(memory_set_reserve(set, 2000), 0);
		for (uint64_t i = 0; i < 500; i++) {
			uint64_t start = (i * 271 + round * 13) % 4096 * 0x2000;

			written.len = 0;
			cr_assert_eq(map(start, start + 0x1000), 0);
			cr_assert_eq(memory_set_unmap(set,
						      (struct addr_range){ start / 2 & ~0xfffULL,
									   start + 0x1000 },
						      NULL),
				     0);
			cr_assert_eq(map(start * 3 & ~0xfffULL, (start * 3 & ~0xfffULL) + 0x1000),
				     0);
		}
		cr_assert_null(memory_set_check(set));
	}
}

Test(memory_set_memory, reserving_what_is_there_asks_for_nothing)
{
	size_t calls;

	make_set(false);
	cr_assert_eq(memory_set_reserve(set, 100), 0);
	calls = counting.calls;
	for (size_t i = 0; i <= 100; i++)
		cr_assert_eq(memory_set_reserve(set, i), 0);
	cr_assert_eq(counting.calls, calls);
}

Test(memory_set_memory, reserving_too_much_is_refused)
{
	make_set(false);
	cr_assert_eq(memory_set_reserve(set, SIZE_MAX), -ENOMEM);
	cr_assert_eq(memory_set_reserve(set, SIZE_MAX / 2), -ENOMEM);
	cr_assert_eq(memory_set_reserve(set, SIZE_MAX / 64), -ENOMEM);
	counting.calls_left = 0;
	cr_assert_eq(memory_set_reserve(set, 1), -ENOMEM);
	counting.calls_left = 2;
	cr_assert_eq(memory_set_reserve(set, 1), 0);
}

Test(memory_set_memory, auto_reserve_says_so_when_it_cant)
{
	make_set(true);
	counting.calls_left = 0;
	cr_assert_eq(map(0x1000, 0x5000), -ENOMEM);
	assert_set(set, "");
	counting.calls_left = 1;
	cr_assert_eq(map(0x1000, 0x5000), 0);
	counting.calls_left = 0;
	written.len = 0;
	for (int error = 0; error != -ENOMEM;) {
		size_t count = memory_set_count(set);
		uint64_t start = 0x10000 + count * 0x2000;

		written.len = 0;
		written.text[0] = '\0';
		error = map(start, start + 0x1000);
		cr_assert(error == 0 || error == -ENOMEM);
		cr_assert_eq(memory_set_count(set), count + (error == 0));
		cr_assert(error == 0 || written.text[0] == '\0', "a backend was called");
		cr_assert_lt(count, 100000);
	}
	cr_assert_null(memory_set_check(set));
}

Test(memory_set_memory, create_needs_memory_and_sensible_options)
{
	struct memory_set_options page = { .page_size = 3000 };
	struct memory_set_options backend = { .backend = &page_array_backend };
	struct memory_set_options none = { .allocator = &counting.allocator };

	make_set(false);
	counting.calls_left = 0;
	cr_assert_null(memory_set_create(&none));
	cr_assert_null(memory_set_create(&page));
	cr_assert_null(memory_set_create(&backend), "a set's own backend is for requests");
	memory_set_destroy(NULL);
}

Test(memory_set_memory, create_tells_bad_options_from_no_memory)
{
	const struct memory_set_options bad[] = {
		{ .page_size = 3000 },
		{ .backend = &page_array_backend },
		{ .dispatch = (enum memory_set_dispatch)7 },
	};
	struct memory_set_options none = { .allocator = &counting.allocator };
	struct memory_set *made = set;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_assert_eq(memory_set_try_create(&bad[i], &made), -EINVAL);
		cr_assert_null(made);
	}
	make_set(false);
	counting.calls_left = 0;
	cr_assert_eq(memory_set_try_create(&none, &made), -ENOMEM);
	cr_assert_null(made);
	cr_assert_eq(memory_set_try_create(NULL, &made), 0);
	cr_assert_not_null(made);
	memory_set_destroy(made);
}

Test(memory_set_memory, the_page_size_is_a_choice)
{
	struct memory_set *tiny = memory_set_create(&(struct memory_set_options){
		.page_size = 1,
		.dispatch = MEMORY_SET_PER_REQUEST,
		.auto_reserve = true,
	});
	struct memory_area area = area_of(UINT64_MAX - 5, UINT64_MAX, RW, NO_BACKEND);

	make_set(false);
	cr_assert_eq(memory_set_map(tiny, &area, MEMORY_SET_REFUSE, NULL), 0);
	assert_set(tiny, "fffffffffffffffa-ffffffffffffffff rw-");
	cr_assert_not_null(memory_set_find(tiny, UINT64_MAX - 1));
	cr_assert_null(memory_set_find(tiny, UINT64_MAX));
	cr_assert_null(memory_set_find_from(tiny, UINT64_MAX));
	cr_assert_eq(memory_set_clear(tiny, NULL), 0);
	assert_set(tiny, "");
	memory_set_destroy(tiny);
}
