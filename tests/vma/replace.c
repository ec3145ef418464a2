/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Tests vm_replace(): what the kernel said of a range replaces what the set had
 */

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include "areas_text.h"
#include "vma/vm_flags.h"
#include "vma/vm_replace.h"
#include "vma/vm_space.h"

struct replace_case {
	char name[56];
	char before[180];
	struct addr_range range;
	char kernel[120];
	uint64_t source;
	char after[200];
};

static const struct replace_case cases[] = {
	{ "what agrees stays as it is",
	  "1000-2000 rw-p heap by 3, 2000-3000 rw-p dontfork by 4 changed 5",
	  { 0x1000, 0x3000 },
	  "1000-3000 rw-p",
	  VM_RESYNCED,
	  "1000-2000 rw-p heap by 3, 2000-3000 rw-p dontfork by 4 changed 5" },
	{ "what was not there is new",
	  "",
	  { 0x1000, 0x5000 },
	  "2000-3000 r--p file object 1 @1000",
	  VM_BASELINE,
	  "2000-3000 r--p file baseline object 1 @1000" },
	{ "what is gone goes",
	  "1000-4000 rw-p by 3",
	  { 0x2000, 0x3000 },
	  "",
	  VM_RESYNCED,
	  "1000-2000 rw-p by 3, 3000-4000 rw-p by 3" },
	{ "gaps on all sides",
	  "1000-9000 rw-p by 3",
	  { 0x2000, 0x8000 },
	  "3000-4000 rw-p, 5000-6000 rw-p",
	  VM_RESYNCED,
	  "1000-2000 rw-p by 3, 3000-4000 rw-p by 3, 5000-6000 rw-p by 3, 8000-9000 rw-p by 3" },
	{ "another protection is the same mapping, changed",
	  "1000-4000 rw-p heap dontfork by 3 changed 5",
	  { 0x1000, 0x4000 },
	  "1000-2000 rw-p, 2000-4000 r--p",
	  VM_RESYNCED,
	  "1000-2000 rw-p heap dontfork by 3 changed 5, "
	  "2000-4000 r--p heap dontfork resynced by 3 changed 5" },
	{ "another object is not",
	  "1000-2000 rw-p heap by 3 changed 5",
	  { 0x1000, 0x2000 },
	  "1000-2000 rw-p file object 1 @0",
	  VM_RESYNCED,
	  "1000-2000 rw-p file resynced object 1 @0" },
	{ "another offset is not",
	  "1000-2000 r--s file object 1 @0 by 3",
	  { 0x1000, 0x2000 },
	  "1000-2000 r--s file object 1 @1000",
	  VM_RESYNCED,
	  "1000-2000 r--s file resynced object 1 @1000" },
	{ "sharing is not",
	  "1000-2000 rw-p by 3",
	  { 0x1000, 0x2000 },
	  "1000-2000 rw-s",
	  VM_RESYNCED,
	  "1000-2000 rw-s resynced" },
	{ "the parts of a larger area that are not known",
	  "2000-3000 rw-p by 3, 4000-5000 rw-p by 4",
	  { 0x1000, 0x6000 },
	  "1000-6000 rw-p",
	  VM_RESYNCED,
	  "1000-2000 rw-p resynced, 2000-3000 rw-p by 3, 3000-4000 rw-p resynced, "
	  "4000-5000 rw-p by 4, 5000-6000 rw-p resynced" },
	{ "with their offsets",
	  "2000-3000 r--p file object 1 @5000 by 3",
	  { 0x1000, 0x4000 },
	  "1000-4000 r--p file object 1 @4000",
	  VM_RESYNCED,
	  "1000-2000 r--p file resynced object 1 @4000, 2000-3000 r--p file object 1 @5000 by 3, "
	  "3000-4000 r--p file resynced object 1 @6000" },
	{ "too many holes make one new area",
	  "2000-3000 rw-p by 3, 4000-5000 rw-p by 4, 6000-7000 rw-p by 5, 8000-9000 rw-p by 6",
	  { 0x1000, 0xa000 },
	  "1000-a000 rw-p",
	  VM_RESYNCED,
	  "1000-a000 rw-p resynced" },
	{ "the identity of what was just mapped",
	  "1000-3000 r--p file @4000 by 3",
	  { 0x1000, 0x3000 },
	  "1000-3000 r--p file object 1 @4000",
	  VM_OBSERVED,
	  "1000-3000 r--p file object 1 @4000 by 3" },
	{ "though a driver had its own ideas",
	  "1000-3000 r--p file @4000 by 3",
	  { 0x1000, 0x3000 },
	  "1000-3000 rw-s file object 1 @9000",
	  VM_OBSERVED,
	  "1000-3000 rw-s file object 1 @9000 by 3" },
	{ "shared memory",
	  "1000-3000 rw-s by 3",
	  { 0x1000, 0x3000 },
	  "1000-3000 rw-s file object 1 @0",
	  VM_OBSERVED,
	  "1000-3000 rw-s file object 1 @0 by 3" },
	{ "it may be larger than we thought",
	  "1000-2000 rw-s file shm @0 by 3, 3000-4000 r--p by 2",
	  { 0x1000, 0x5000 },
	  "1000-5000 rw-s file object 2 @0",
	  VM_OBSERVED,
	  "1000-5000 rw-s file shm object 2 @0 by 3" },
	{ "and joined to what was there",
	  "1000-2000 r--p file object 1 @0 by 2, 2000-3000 r--p file @1000 by 3",
	  { 0x1000, 0x3000 },
	  "1000-3000 r--p file object 1 @0",
	  VM_OBSERVED,
	  "1000-2000 r--p file object 1 @0 by 2, 2000-3000 r--p file object 1 @1000 by 3" },
	{ "huge pages",
	  "200000-400000 rw-p huge by 3",
	  { 0x200000, 0x400000 },
	  "200000-400000 rw-p file object 1 @0",
	  VM_OBSERVED,
	  "200000-400000 rw-p file huge object 1 @0 by 3" },
	{ "segments are known by their names",
	  "",
	  { 0x1000, 0x3000 },
	  "1000-3000 rw-s file object 2 @0",
	  VM_BASELINE,
	  "1000-3000 rw-s file shm baseline object 2 @0" },
	{ "what the kernel knows is learned",
	  "1000-2000 rw-p by 3",
	  { 0x1000, 0x2000 },
	  "1000-2000 rw-p stack",
	  VM_RESYNCED,
	  "1000-2000 rw-p stack resynced by 3" },
	{ "our own memory stays ours",
	  "1000-2000 rw-p own by 3",
	  { 0x1000, 0x3000 },
	  "1000-3000 rw-p",
	  VM_RESYNCED,
	  "1000-2000 rw-p own by 3, 2000-3000 rw-p resynced" },
	{ "ends inside pages are moved inwards",
	  "1000-2000 rw-p by 3, 4000-5000 rw-p by 4",
	  { 0x1001, 0x4fff },
	  "2000-3000 r--p",
	  VM_RESYNCED,
	  "1000-2000 rw-p by 3, 2000-3000 r--p resynced, 4000-5000 rw-p by 4" },
};

static void make_space(struct vm_space *space, const char *text)
{
	const struct vm_object file = { .dev = 1, .ino = 1, .name = "/f", .name_len = 2 };
	const struct vm_object segment = {
		.dev = 1, .ino = 2, .name = "/SYSV00000000 (deleted)", .name_len = 23
	};

	cr_assert_eq(vm_space_init(space, &ml_allocator_malloc, NULL, NULL), 0);
	vm_objects_intern(&space->objects, &file);
	vm_objects_intern(&space->objects, &segment);
	set_fill(space->set, text);
}

Test(replace, keeps_what_agrees_and_takes_the_rest)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct replace_case *row = &cases[i];
		struct memory_area areas[16];
		size_t n = areas_parse(row->kernel, areas, 16);
		struct vm_space space;

		make_space(&space, row->before);
		cr_assert_eq(vm_replace(&space, row->range, areas, n, row->source), 0, "%s",
			     row->name);
		assert_set(space.set, row->after, row->name);
		cr_assert_eq(vm_replace(&space, row->range, areas, n, row->source), 0, "%s",
			     row->name);
		assert_set(space.set, row->after, row->name);
		vm_space_finish(&space);
	}
}

Test(replace, refuses_areas_out_of_order_and_out_of_range)
{
	static const char wrong[][64] = {
		"3000-4000 rw-p, 1000-2000 rw-p",
		"1000-3000 rw-p, 2000-4000 rw-p",
		"0-2000 rw-p",
		"4000-6000 rw-p",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct memory_area areas[4];
		size_t n = areas_parse(wrong[i], areas, 4);
		struct vm_space space;

		make_space(&space, "");
		cr_assert_eq(vm_replace(&space, (struct addr_range){ 0x1000, 0x5000 }, areas, n,
					VM_RESYNCED),
			     -EINVAL, "%s", wrong[i]);
		cr_assert_null(memory_set_check(space.set));
		vm_space_finish(&space);
	}
}

/* ------------------------------------------------- what was reserved is always enough */

enum { PAGES = 64, MAX_AREAS = 32 };

static uint64_t rng = 1234567;

static uint64_t below(uint64_t limit)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (rng >> 20) % limit;
}

static size_t random_areas(struct memory_area *areas, bool with_history)
{
	uint64_t at = below(4) * 0x1000;
	size_t n = 0;

	while (n < MAX_AREAS && at < PAGES * 0x1000) {
		uint64_t end = at + (1 + below(6)) * 0x1000;

		areas[n++] = (struct memory_area){
			.range = { at, end < PAGES * 0x1000 ? end : PAGES * 0x1000 },
			.flags = below(2) ? VM_READ : VM_READ | VM_WRITE,
			.offset = MEMORY_AREA_NO_OFFSET,
			.origin = with_history ? below(5) : 0,
		};
		at = end + below(2) * below(3) * 0x1000;
	}
	return n;
}

static bool says_the_same(const struct memory_set *set, const struct memory_area *areas, size_t n)
{
	for (uint64_t at = 0; at < PAGES * 0x1000; at += 0x1000) {
		const struct memory_area *found = memory_set_find(set, at);
		uint64_t want = 0;

		for (size_t i = 0; i < n; i++)
			if (areas[i].range.start <= at && at < areas[i].range.end)
				want = areas[i].flags;
		if ((found == NULL ? 0 : found->flags & VM_VISIBLE) != want)
			return false;
	}
	return true;
}

static int64_t never(void *context, struct vm_call *call)
{
	(void)context;
	return call->result;
}

Test(replace, never_needs_more_than_was_reserved)
{
	static const struct addr_range all = { 0, PAGES * 0x1000 };
	struct memory_area areas[MAX_AREAS];
	struct vm_space space;

	cr_assert_eq(vm_space_init(&space, &ml_allocator_malloc, never, NULL), 0);
	for (unsigned round = 0; round < 5000; round++) {
		size_t n = random_areas(areas, true);

		cr_assert_eq(memory_set_reserve(space.set, n + 1), 0);
		cr_assert_eq(memory_set_replace(space.set, all, areas, n), 0);
		n = random_areas(areas, false);
		cr_assert_eq(vm_space_reserve(&space, n), 0);
		cr_assert_eq(vm_replace(&space, all, areas, n, VM_RESYNCED), 0);
		cr_assert_null(memory_set_check(space.set));
		cr_assert(says_the_same(space.set, areas, n));
	}
	vm_space_finish(&space);
}
