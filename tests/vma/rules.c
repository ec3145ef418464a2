/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Tests each rule of the fold: a map, a call with its result, and the map after it.
 * The calls are replayed, so each row holds on any kernel. All are number 9.
 */

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "areas_text.h"
#include "vma/vm_abi.h"
#include "vma/vm_apply.h"
#include "vma/vm_replace.h"
#include "vma/vm_space.h"

#define RW	 (PROT_READ | PROT_WRITE)
#define ANON	 (MAP_PRIVATE | MAP_ANONYMOUS)
#define FIXED	 (MREMAP_MAYMOVE | MREMAP_FIXED)
#define NO_FD	 ((uint64_t)-1)
#define NO_DOUBT ""

struct rule {
	char name[56];
	char before[160];
	struct vm_call call;
	char after[200];
	char doubts[80];
};

#define CALL(op_, result_, ...)                                                                    \
	{                                                                                          \
		.op = VM_OP_##op_, .result = (result_), .args = { __VA_ARGS__ }                    \
	}

/* What the kernel has after a call, and the map when it has answered the call's doubts. */
struct answered_rule {
	char name[56];
	char before[160];
	struct vm_call call;
	char kernel[160];
	char after[200];
};

static void format_doubts(const struct vm_doubts *doubts, char *text, size_t size)
{
	size_t len = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < doubts->n; i++)
		len += (size_t)snprintf(text + len, size - len, "%s%s%llx-%llx %s",
					i == 0 ? "" : ", ", doubts->doubt[i].whole ? "all at " : "",
					(unsigned long long)doubts->doubt[i].range.start,
					(unsigned long long)doubts->doubt[i].range.end,
					vm_reason_name(doubts->doubt[i].reason));
}

/*
 * A space that holds what @text says. Object 1 is a file, object 2 a segment of 3 pages,
 * object 3 a ring of 2 pages, object 4 a ring of which nothing is known.
 */
static void make_space(struct vm_space *space, const char *text)
{
	const struct vm_object file = { .dev = 1, .ino = 1, .name = "/f", .name_len = 2 };
	const struct vm_object segment = {
		.dev = 1,
		.ino = 2,
		.size = 0x2ff0,
		.name = "/SYSV00000000 (deleted)",
		.name_len = 23,
	};

	struct vm_object ring = {
		.dev = 1,
		.ino = 3,
		.size = 0x2000,
		.name = "/[aio] (deleted)",
		.name_len = 16,
	};

	cr_assert_eq(vm_space_init(space, &ml_allocator_malloc, NULL, NULL), 0);
	cr_assert_eq(vm_objects_intern(&space->objects, &file), 1);
	cr_assert_eq(vm_objects_intern(&space->objects, &segment), 2);
	cr_assert_eq(vm_objects_intern(&space->objects, &ring), 3);
	ring.ino = 4;
	ring.size = 0;
	cr_assert_eq(vm_objects_intern(&space->objects, &ring), 4);
	set_fill(space->set, text);
}

static void check(const struct rule *rule, struct vm_space *space)
{
	struct vm_call call = rule->call;
	struct vm_doubts doubts;
	char text[160];
	int64_t result;

	call.event = 9;
	result = vm_apply(space, &call, &doubts);
	cr_assert_eq(result, rule->call.result, "%s", rule->name);
	assert_set(space->set, rule->after, rule->name);
	format_doubts(&doubts, text, sizeof(text));
	cr_assert_str_eq(text, rule->doubts, "%s: doubts\n  got  %s\n  want %s", rule->name, text,
			 rule->doubts);
}

static void check_all(const struct rule *rules, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct vm_space space;

		make_space(&space, rules[i].before);
		check(&rules[i], &space);
		vm_space_finish(&space);
	}
}

static struct addr_range range_of(const struct vm_doubt *doubt, const struct memory_area *areas,
				  size_t n)
{
	for (size_t i = 0; doubt->whole && i < n; i++)
		if (vm_ranges_meet(doubt->range, areas[i].range))
			return areas[i].range;
	return doubt->range;
}

static void give_answer(struct vm_space *space, const struct vm_doubt *doubt, const char *kernel)
{
	struct memory_area areas[8], part[8];
	size_t n = areas_parse(kernel, areas, 8), n_parts = 0;
	struct addr_range range = range_of(doubt, areas, n);

	for (size_t i = 0; i < n; i++)
		if (vm_ranges_meet(range, areas[i].range)) {
			part[n_parts] = areas[i];
			memory_area_clip(&part[n_parts++], range);
		}
	cr_assert_eq(vm_replace(space, range, part, n_parts, vm_reason_source(doubt->reason)), 0);
}

static void apply_answered(struct vm_space *space, const struct answered_rule *rule)
{
	struct vm_call call = rule->call;
	struct vm_doubts doubts;

	make_space(space, rule->before);
	call.event = 9;
	vm_apply(space, &call, &doubts);
	for (unsigned i = 0; i < doubts.n; i++)
		give_answer(space, &doubts.doubt[i], rule->kernel);
}

static void check_answered(const struct answered_rule *rule)
{
	struct vm_space space;

	apply_answered(&space, rule);
	assert_set(space.set, rule->after, rule->name);
	vm_space_finish(&space);
}

#define CHECK(rules) check_all(rules, sizeof(rules) / sizeof((rules)[0]))

/* ----------------------------------------------------------------------- mmap */

static const struct rule mmap_rules[] = {
	{ "the result says where", "", CALL(MMAP, 0x5000, 0, 0x2000, RW, ANON, NO_FD, 0),
	  "5000-7000 rw-p by 9", NO_DOUBT },
	{ "a length is rounded up", "", CALL(MMAP, 0x5000, 0, 0x1001, PROT_READ, ANON, NO_FD, 0),
	  "5000-7000 r--p by 9", NO_DOUBT },
	{ "a hint is only a hint", "", CALL(MMAP, 0x5000, 0xabcde123, 1, 0, ANON, NO_FD, 0),
	  "5000-6000 ---p by 9", NO_DOUBT },
	{ "even one that wraps", "", CALL(MMAP, 0x5000, UINT64_MAX, 0x3000, 0, ANON, NO_FD, 0),
	  "5000-8000 ---p by 9", NO_DOUBT },
	{ "fixed replaces", "1000-8000 r--p by 3",
	  CALL(MMAP, 0x3000, 0x3000, 0x1000, RW, ANON | MAP_FIXED, NO_FD, 0),
	  "1000-3000 r--p by 3, 3000-4000 rw-p by 9, 4000-8000 r--p by 3", NO_DOUBT },
	{ "an offset moves along with what is left", "1000-8000 r--p file object 1 @4000 by 3",
	  CALL(MMAP, 0x3000, 0x3000, 0x1000, RW, ANON | MAP_FIXED, NO_FD, 0x7000),
	  "1000-3000 r--p file object 1 @4000 by 3, 3000-4000 rw-p by 9, "
	  "4000-8000 r--p file object 1 @7000 by 3",
	  NO_DOUBT },
	{ "a file's identity must be asked", "",
	  CALL(MMAP, 0x5000, 0, 0x2000, PROT_READ, MAP_PRIVATE, 3, 0x4000),
	  "5000-7000 r--p file @4000 by 9", "5000-7000 identity" },
	{ "and that of shared memory", "",
	  CALL(MMAP, 0x5000, 0, 0x2000, RW, MAP_SHARED | MAP_ANONYMOUS, NO_FD, 0),
	  "5000-7000 rw-s by 9", "5000-7000 identity" },
	{ "shared, with validation", "",
	  CALL(MMAP, 0x5000, 0, 0x2000, RW, MAP_SHARED_VALIDATE, 3, 0),
	  "5000-7000 rw-s file @0 by 9", "5000-7000 identity" },
	{ "droppable is private, and wiped in children", "",
	  CALL(MMAP, 0x5000, 0, 0x2000, RW, MAP_DROPPABLE | MAP_ANONYMOUS, NO_FD, 0),
	  "5000-7000 rw-p wipe droppable by 9", NO_DOUBT },
	{ "huge pages come whole", "",
	  CALL(MMAP, 0x200000, 0, 0x1000, RW, ANON | MAP_HUGETLB, NO_FD, 0),
	  "200000-400000 rw-p huge by 9", "200000-400000 identity" },
	{ "a stack grows down", "",
	  CALL(MMAP, 0x5000, 0, 0x1000, RW, ANON | MAP_GROWSDOWN, NO_FD, 0),
	  "5000-6000 rw-p stack by 9", NO_DOUBT },
	{ "other bits of prot mean nothing", "",
	  CALL(MMAP, 0x5000, 0, 0x1000, RW | 0xf00, ANON, NO_FD, 0), "5000-6000 rw-p by 9",
	  NO_DOUBT },
	{ "locked", "", CALL(MMAP, 0x5000, 0, 0x1000, RW, ANON | MAP_LOCKED, NO_FD, 0),
	  "5000-6000 rw-p locked by 9", NO_DOUBT },
	{ "fixed takes guards away", "1000-4000 rw-p guard by 3",
	  CALL(MMAP, 0x2000, 0x2000, 0x1000, RW, ANON | MAP_FIXED, NO_FD, 0),
	  "1000-2000 rw-p guard by 3, 2000-3000 rw-p by 9, 3000-4000 rw-p guard by 3", NO_DOUBT },
	{ "a failure without fixed changes nothing", "1000-8000 r--p by 3",
	  CALL(MMAP, -ENOMEM, 0x3000, 0x1000, RW, ANON, NO_FD, 0), "1000-8000 r--p by 3",
	  NO_DOUBT },
	{ "a failure with fixed may leave a hole", "1000-8000 r--p by 3",
	  CALL(MMAP, -ENODEV, 0x3000, 0x1001, RW, MAP_SHARED | MAP_FIXED, 4, 0),
	  "1000-8000 r--p by 3", "3000-5000 failed" },
	{ "but not where nothing is replaced", "1000-8000 r--p by 3",
	  CALL(MMAP, -EEXIST, 0x3000, 0x1000, RW, ANON | MAP_FIXED | MAP_FIXED_NOREPLACE, NO_FD, 0),
	  "1000-8000 r--p by 3", NO_DOUBT },
	{ "nor where the range makes no sense", "1000-8000 r--p by 3",
	  CALL(MMAP, -EINVAL, 0x3001, 0x1000, RW, ANON | MAP_FIXED, NO_FD, 0),
	  "1000-8000 r--p by 3", NO_DOUBT },
	{ "no length", "1000-8000 r--p by 3", CALL(MMAP, -EINVAL, 0x3000, 0, RW, ANON, NO_FD, 0),
	  "1000-8000 r--p by 3", NO_DOUBT },
	{ "a length that wraps", "1000-8000 r--p by 3",
	  CALL(MMAP, -ENOMEM, 0x3000, UINT64_MAX, RW, ANON | MAP_FIXED, NO_FD, 0),
	  "1000-8000 r--p by 3", NO_DOUBT },
	{ "each call makes a mapping of its own", "1000-2000 rw-p by 3",
	  CALL(MMAP, 0x2000, 0, 0x1000, RW, ANON, NO_FD, 0),
	  "1000-2000 rw-p by 3, 2000-3000 rw-p by 9", NO_DOUBT },
};

Test(rules, mmap)
{
	CHECK(mmap_rules);
}

/* --------------------------------------------------------------------- munmap */

static const struct rule munmap_rules[] = {
	{ "a hole in the middle", "1000-5000 r--s file object 1 @1000 by 3",
	  CALL(MUNMAP, 0, 0x2000, 0x1000),
	  "1000-2000 r--s file object 1 @1000 by 3, 3000-5000 r--s file object 1 @3000 by 3",
	  NO_DOUBT },
	{ "a length is rounded up", "1000-5000 r--p by 3", CALL(MUNMAP, 0, 0x2000, 0x1001),
	  "1000-2000 r--p by 3, 4000-5000 r--p by 3", NO_DOUBT },
	{ "across areas and gaps", "1000-3000 r--p, 4000-6000 rw-p, 7000-9000 r--p",
	  CALL(MUNMAP, 0, 0x2000, 0x5001), "1000-2000 r--p, 8000-9000 r--p", NO_DOUBT },
	{ "where nothing is", "1000-2000 r--p", CALL(MUNMAP, 0, 0x8000, 0x1000), "1000-2000 r--p",
	  NO_DOUBT },
	{ "a failure changes nothing", "1000-5000 r--p", CALL(MUNMAP, -EPERM, 0x1000, 0x4000),
	  "1000-5000 r--p", NO_DOUBT },
	{ "not aligned", "1000-5000 r--p", CALL(MUNMAP, -EINVAL, 0x1001, 0x1000), "1000-5000 r--p",
	  NO_DOUBT },
	{ "no length", "1000-5000 r--p", CALL(MUNMAP, -EINVAL, 0x1000, 0), "1000-5000 r--p",
	  NO_DOUBT },
	{ "a length that wraps", "1000-5000 r--p",
	  CALL(MUNMAP, -EINVAL, 0x1000, UINT64_MAX - 0x1000), "1000-5000 r--p", NO_DOUBT },
};

Test(rules, munmap)
{
	CHECK(munmap_rules);
}

/* ------------------------------------------------------------------- mprotect */

static const struct rule mprotect_rules[] = {
	{ "a part of an area", "1000-4000 rw-p by 3", CALL(MPROTECT, 0, 0x2000, 0x1000, PROT_READ),
	  "1000-2000 rw-p by 3, 2000-3000 r--p by 3 changed 9, 3000-4000 rw-p by 3", NO_DOUBT },
	{ "a length is rounded up", "1000-4000 rw-p by 3",
	  CALL(MPROTECT, 0, 0x1000, 0x1001, PROT_READ),
	  "1000-3000 r--p by 3 changed 9, 3000-4000 rw-p by 3", NO_DOUBT },
	{ "only what really changes is marked", "1000-2000 r--p by 3, 2000-3000 rw-p by 4",
	  CALL(MPROTECT, 0, 0x1000, 0x2000, PROT_READ),
	  "1000-2000 r--p by 3, 2000-3000 r--p by 4 changed 9", NO_DOUBT },
	{ "hidden attributes stay", "1000-2000 rw-s shm dontfork object 2 @1000",
	  CALL(MPROTECT, 0, 0x1000, 0x1000, 0),
	  "1000-2000 ---s shm dontfork object 2 @1000 changed 9", NO_DOUBT },
	{ "no length is a success", "1000-2000 r--p", CALL(MPROTECT, 0, 0x1000, 0, RW),
	  "1000-2000 r--p", NO_DOUBT },
	{ "a failure may be half done", "1000-2000 rw-p, 3000-4000 rw-p",
	  CALL(MPROTECT, -ENOMEM, 0x1000, 0x3000, PROT_READ), "1000-2000 rw-p, 3000-4000 rw-p",
	  "1000-4000 failed" },
	{ "refused by a file", "1000-2000 r--s file object 1 @0",
	  CALL(MPROTECT, -EACCES, 0x1000, 0x1000, RW), "1000-2000 r--s file object 1 @0",
	  "1000-2000 failed" },
	{ "stops at what can't be split", "1000-2000 rw-p, 2000-4000 r--p object 1",
	  CALL(MPROTECT, -EINVAL, 0x1000, 0x2000, PROT_READ),
	  "1000-2000 rw-p, 2000-4000 r--p object 1", "1000-3000 failed" },
	{ "bad arguments are not", "1000-2000 rw-p", CALL(MPROTECT, -EINVAL, 0x1000, 0x1000, 0x100),
	  "1000-2000 rw-p", NO_DOUBT },
	{ "a range that wraps", "1000-2000 rw-p",
	  CALL(MPROTECT, -ENOMEM, 0x1000, UINT64_MAX - 0x1000, 0), "1000-2000 rw-p", NO_DOUBT },
	{ "down to where a stack starts", "1000-2000 r--p object 1, 5000-9000 rw-p stack",
	  CALL(MPROTECT, 0, 0x7000, 0x1000, RW | PROT_EXEC | PROT_GROWSDOWN),
	  "1000-2000 r--p object 1, 5000-7000 rw-p stack, 7000-8000 rwxp stack changed 9, "
	  "8000-9000 rw-p stack",
	  "2000-8000 effect" },
	{ "and over a gap where two may have met", "1000-3000 r--p stack, 5000-9000 r--p stack",
	  CALL(MPROTECT, 0, 0x7000, 0x1000, PROT_EXEC | PROT_GROWSDOWN),
	  "1000-3000 r--p stack, 5000-7000 r--p stack, 7000-8000 --xp stack changed 9, "
	  "8000-9000 r--p stack",
	  "0-8000 effect" },
	{ "and what it touched when it failed", "4000-5000 r--p object 1, 5000-9000 rw-p stack",
	  CALL(MPROTECT, -ENOMEM, 0x7000, 0x3000, PROT_READ | PROT_GROWSDOWN),
	  "4000-5000 r--p object 1, 5000-9000 rw-p stack", "5000-a000 failed" },
	{ "a key", "1000-2000 rw-p", CALL(PKEY_MPROTECT, 0, 0x1000, 0x1000, RW, 3),
	  "1000-2000 rw-p pkey 3 changed 9", NO_DOUBT },
	{ "no key keeps the one there is", "1000-2000 rw-p pkey 3",
	  CALL(PKEY_MPROTECT, 0, 0x1000, 0x1000, PROT_READ, (uint64_t)-1),
	  "1000-2000 r--p pkey 3 changed 9", NO_DOUBT },
	{ "what only executes has the kernel's", "1000-2000 rw-p pkey 3",
	  CALL(MPROTECT, 0, 0x1000, 0x1000, PROT_EXEC), "1000-2000 --xp changed 9", NO_DOUBT },
	{ "equal neighbours of one origin join again",
	  "1000-2000 rw-p by 3 changed 9, 2000-3000 r--p by 3 changed 8",
	  CALL(MPROTECT, 0, 0x2000, 0x1000, RW), "1000-3000 rw-p by 3 changed 9", NO_DOUBT },
};

Test(rules, mprotect)
{
	CHECK(mprotect_rules);
}

/* --------------------------------------------------------------------- mremap */

static const struct rule mremap_rules[] = {
	{ "shrink: the tail goes, whatever is in it", "1000-3000 rw-p by 3, 4000-6000 r--p by 4",
	  CALL(MREMAP, 0x1000, 0x1000, 0x4000, 0x1000, 0),
	  "1000-2000 rw-p by 3, 5000-6000 r--p by 4", NO_DOUBT },
	{ "shrinking cuts a stack that grew down to it", "1000-2000 ---p, 4000-9000 rw-p stack",
	  CALL(MREMAP, 0x1000, 0x1000, 0x8000, 0x2000, 0), "1000-2000 ---p", "2000-4000 stack" },
	{ "same size: nothing, even over gaps", "1000-2000 rw-p by 3, 4000-6000 r--p by 4",
	  CALL(MREMAP, 0x1000, 0x1000, 0x5000, 0x4001, MREMAP_MAYMOVE),
	  "1000-2000 rw-p by 3, 4000-6000 r--p by 4", NO_DOUBT },
	{ "grow in place", "1000-3000 rw-s file object 1 @5000 by 3",
	  CALL(MREMAP, 0x2000, 0x2000, 0x1000, 0x3000, 0),
	  "1000-3000 rw-s file object 1 @5000 by 3, 3000-5000 rw-s file object 1 @7000 by 3 "
	  "changed 9",
	  NO_DOUBT },
	{ "grow by moving", "1000-3000 rw-s file object 1 @5000 by 3",
	  CALL(MREMAP, 0x8000, 0x2000, 0x1000, 0x3000, MREMAP_MAYMOVE),
	  "1000-2000 rw-s file object 1 @5000 by 3, 8000-b000 rw-s file object 1 @6000 by 3 "
	  "changed 9",
	  NO_DOUBT },
	{ "all that one area of the kernel's is for us",
	  "1000-2000 rw-p by 3, 2000-3000 rw-p by 4 changed 5",
	  CALL(MREMAP, 0x8000, 0x1000, 0x2000, 0x3000, MREMAP_MAYMOVE),
	  "8000-9000 rw-p by 3 changed 9, 9000-b000 rw-p by 4 changed 9", NO_DOUBT },
	{ "hidden attributes travel, but the heap's", "1000-2000 rw-p heap dontfork wipe by 3",
	  CALL(MREMAP, 0x8000, 0x1000, 0x1000, 0x2000, MREMAP_MAYMOVE),
	  "8000-a000 rw-p dontfork wipe by 3 changed 9", NO_DOUBT },
	{ "an unknown source is doubted", "2000-3000 rw-p by 3",
	  CALL(MREMAP, 0x8000, 0x1000, 0x2000, 0x3000, MREMAP_MAYMOVE),
	  "9000-b000 rw-p by 3 changed 9", "1000-4000 effect, 8000-b000 effect" },
	{ "private /dev/zero may get another offset", "1000-2000 rw-p file object 1 @0 by 3",
	  CALL(MREMAP, 0x8000, 0x1000, 0x1000, 0x2000, MREMAP_MAYMOVE),
	  "8000-a000 rw-p file object 1 @0 by 3 changed 9", "1000-3000 effect, 8000-a000 effect" },
	{ "no old length: a second mapping", "1000-5000 rw-s file object 1 @5000 by 3",
	  CALL(MREMAP, 0x8000, 0x2000, 0, 0x1000, MREMAP_MAYMOVE),
	  "1000-5000 rw-s file object 1 @5000 by 3, 8000-9000 rw-s file object 1 @6000 by 9",
	  NO_DOUBT },
	{ "the old one stays", "1000-3000 rw-p by 3",
	  CALL(MREMAP, 0x8000, 0x1000, 0x2000, 0x2000, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0),
	  "1000-3000 rw-p by 3, 8000-a000 rw-p by 3 changed 9", NO_DOUBT },
	{ "guards move along", "1000-2000 rw-p by 3, 2000-3000 rw-p guard by 3",
	  CALL(MREMAP, 0x8000, 0x1000, 0x2000, 0x3000, MREMAP_MAYMOVE),
	  "8000-9000 rw-p by 3 changed 9, 9000-a000 rw-p guard by 3 changed 9, "
	  "a000-b000 rw-p by 3 changed 9",
	  NO_DOUBT },
	{ "what grows behind a guard is none", "1000-2000 rw-p guard by 3",
	  CALL(MREMAP, 0x1000, 0x1000, 0x1000, 0x2000, 0),
	  "1000-2000 rw-p guard by 3, 2000-3000 rw-p by 3 changed 9", NO_DOUBT },
	{ "nor has a second mapping any", "1000-2000 rw-s guard object 1 @0 by 3",
	  CALL(MREMAP, 0x8000, 0x1000, 0, 0x1000, MREMAP_MAYMOVE),
	  "1000-2000 rw-s guard object 1 @0 by 3, 8000-9000 rw-s object 1 @0 by 9", NO_DOUBT },
	{ "the old one stays without guards and locks", "1000-2000 rw-p guard locked by 3",
	  CALL(MREMAP, 0x8000, 0x1000, 0x1000, 0x1000, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0),
	  "1000-2000 rw-p by 3 changed 9, 8000-9000 rw-p guard locked by 3 changed 9", NO_DOUBT },
	{ "the kernel's own area is unlocked: which is it?",
	  "1000-2000 rw-p locked by 3, 2000-3000 rw-p locked by 4, 3000-4000 r--p locked by 5",
	  CALL(MREMAP, 0x8000, 0x2000, 0x1000, 0x1000, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0),
	  "1000-2000 rw-p locked by 3, 2000-3000 rw-p by 4 changed 9, 3000-4000 r--p locked by 5, "
	  "8000-9000 rw-p locked by 4 changed 9",
	  "all at 2000-3000 effect" },
	{ "... on either side, the new range even", "2000-4000 rw-p locked by 3",
	  CALL(MREMAP, 0x4000, 0x3000, 0x1000, 0x1000, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0),
	  "2000-3000 rw-p locked by 3, 3000-4000 rw-p by 3 changed 9, "
	  "4000-5000 rw-p locked by 3 changed 9",
	  "all at 3000-4000 effect" },
	{ "fixed: all pieces, and gaps keep what was there",
	  "1000-2000 rw-p by 3, 3000-4000 r--p by 4, 8000-b000 --xp by 5",
	  CALL(MREMAP, 0x8000, 0x1000, 0x3000, 0x3000, FIXED, 0x8000),
	  "8000-9000 rw-p by 3 changed 9, 9000-a000 --xp by 5, a000-b000 r--p by 4 changed 9",
	  "1000-4000 effect, 8000-b000 effect" },
	{ "fixed and smaller: the new range is replaced",
	  "1000-2000 rw-p by 3, 3000-4000 r--p by 4, 8000-b000 --xp by 5",
	  CALL(MREMAP, 0x8000, 0x1000, 0x3000, 0x1000, FIXED, 0x8000),
	  "8000-9000 rw-p by 3 changed 9, 9000-b000 --xp by 5",
	  "1000-4000 effect, 8000-9000 effect" },
	{ "fixed and larger", "1000-2000 rw-p by 3, 8000-d000 --xp by 5",
	  CALL(MREMAP, 0x8000, 0x1000, 0x1000, 0x3000, FIXED, 0x8000),
	  "8000-b000 rw-p by 3 changed 9, b000-d000 --xp by 5",
	  "1000-4000 effect, 8000-b000 effect" },
	{ "a failure with fixed may have removed both", "1000-2000 rw-p, 8000-9000 r--p",
	  CALL(MREMAP, -EINVAL, 0x1000, 0x1000, 0x2000, FIXED, 0x8000),
	  "1000-2000 rw-p, 8000-9000 r--p", "1000-2000 failed, 8000-a000 failed" },
	{ "even when the old range makes no sense", "8000-9000 r--p",
	  CALL(MREMAP, -EINVAL, 0x1000, UINT64_MAX - 0xfff, 0x2000, FIXED, 0x8000),
	  "8000-9000 r--p", "8000-a000 failed" },
	{ "another failure", "1000-2000 rw-p", CALL(MREMAP, -ENOMEM, 0x1000, 0x1000, 0x2000, 0),
	  "1000-2000 rw-p", "1000-2000 failed" },
	{ "bad arguments", "1000-2000 rw-p", CALL(MREMAP, -EINVAL, 0x1001, 0x1000, 0x2000, 0),
	  "1000-2000 rw-p", NO_DOUBT },
	{ "huge pages are rounded and doubted", "200000-600000 rw-p huge by 3",
	  CALL(MREMAP, 0x200000, 0x200000, 0x3ff000, 0x1000, 0), "200000-400000 rw-p huge by 3",
	  "200000-600000 effect" },
};

Test(rules, mremap)
{
	CHECK(mremap_rules);
}

static const struct answered_rule mremap_answers[] = {
	{ "half a move: what is gone has taken all along",
	  "1000-2000 rw-p dontfork by 3, 2000-3000 rw-p wipe by 4, 8000-a000 rw-p locked by 5",
	  CALL(MREMAP, -EPERM, 0x1000, 0x2000, 0x2000, FIXED, 0x8000),
	  "2000-3000 rw-p, 8000-a000 rw-p",
	  "2000-3000 rw-p wipe by 4, 8000-9000 rw-p dontfork by 3 changed 9, "
	  "9000-a000 rw-p locked by 5" },
	{ "... over a gap, and what was at the place is gone",
	  "1000-2000 rw-p guard by 3, 3000-5000 r--p dontfork by 4, 8000-9000 r--p by 5",
	  CALL(MREMAP, -EFAULT, 0x1000, 0x4000, 0x4000, FIXED, 0x8000),
	  "8000-9000 rw-p, a000-c000 r--p",
	  "8000-9000 rw-p guard by 3 changed 9, a000-c000 r--p dontfork by 4 changed 9" },
	{ "nothing has moved, and all stays", "1000-2000 rw-p dontfork by 3, 8000-9000 rw-p by 5",
	  CALL(MREMAP, -EPERM, 0x1000, 0x1000, 0x1000, FIXED, 0x8000),
	  "1000-2000 rw-p, 8000-9000 rw-p", "1000-2000 rw-p dontfork by 3, 8000-9000 rw-p by 5" },
	{ "made smaller first: the tail has not moved", "1000-3000 rw-p dontfork by 3",
	  CALL(MREMAP, -ENOMEM, 0x1000, 0x2000, 0x1000, FIXED, 0x8000), "1000-2000 rw-p",
	  "1000-2000 rw-p dontfork by 3" },
	{ "the kernel's area is unlocked as far as it goes",
	  "1000-2000 rw-p locked by 3, 2000-6000 rw-p locked by 4",
	  CALL(MREMAP, 0x8000, 0x3000, 0x1000, 0x1000, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0),
	  "1000-2000 rw-p, 2000-5000 rw-p, 5000-6000 rw-p, 8000-9000 rw-p",
	  "1000-2000 rw-p locked by 3, 2000-5000 rw-p by 4 changed 9, 5000-6000 rw-p locked by 4, "
	  "8000-9000 rw-p locked by 4 changed 9" },
	{ "... also where it has taken in the new range", "2000-4000 rw-p locked by 3",
	  CALL(MREMAP, 0x4000, 0x3000, 0x1000, 0x1000, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0),
	  "2000-5000 rw-p", "2000-5000 rw-p by 3 changed 9" },
};

Test(rules, what_answers_tell_of_mremap)
{
	for (size_t i = 0; i < sizeof(mremap_answers) / sizeof(mremap_answers[0]); i++)
		check_answered(&mremap_answers[i]);
}

/* Somebody unmaps, unobserved, what had not been moved. */
Test(rules, what_is_gone_later_has_not_moved)
{
	static const struct answered_rule stayed = {
		"stayed",
		"1000-2000 rw-p dontfork by 3, 8000-9000 rw-p by 5",
		CALL(MREMAP, -EPERM, 0x1000, 0x1000, 0x1000, FIXED, 0x8000),
		"1000-2000 rw-p, 8000-9000 rw-p",
		"",
	};
	const struct vm_doubt all = { { 0x1000, 0xa000 }, VM_REASON_UNOBSERVED, false };
	struct vm_space space;

	apply_answered(&space, &stayed);
	give_answer(&space, &all, "8000-9000 rw-p");
	assert_set(space.set, "8000-9000 rw-p by 5", "unobserved");
	vm_space_finish(&space);
}

/* What no kernel would answer, a damaged ledger can say. */
static const struct rule senseless_rules[] = {
	{ "a mapping at no page", "", CALL(MMAP, 0x5001, 0, 0x2000, RW, ANON, NO_FD, 0), "",
	  "5000-8000 effect" },
	{ "a mapping over the end", "", CALL(MMAP, -0x2000, 0, 0x3000, RW, ANON, NO_FD, 0), "",
	  "ffffffffffffe000-fffffffffffff000 effect" },
	{ "moved onto itself", "1000-9000 rw-p by 3",
	  CALL(MREMAP, 0x2000, 0x1000, 0x8000, 0x8000, FIXED, 0x2000), "1000-9000 rw-p by 3",
	  "1000-9000 effect, 2000-a000 effect" },
	{ "moved to no page", "1000-9000 rw-p by 3",
	  CALL(MREMAP, 0x12345, 0x1000, 0x8000, 0x8000, FIXED, 0x12345), "1000-9000 rw-p by 3",
	  "1000-9000 effect, 12000-1b000 effect" },
	{ "no such operation",
	  "1000-9000 rw-p by 3",
	  { .op = 200, .result = 7 },
	  "1000-9000 rw-p by 3",
	  NO_DOUBT },
	{ "the lock was lost", "1000-9000 rw-p by 3", CALL(MUNMAP, -EOWNERDEAD, 0x1000, 0x8000),
	  "1000-9000 rw-p by 3", NO_DOUBT },
	{ "the lock was lost, fixed", "1000-9000 rw-p by 3",
	  CALL(MMAP, -EOWNERDEAD, 0x1000, 0x8000, RW, ANON | MAP_FIXED, NO_FD, 0),
	  "1000-9000 rw-p by 3", NO_DOUBT },
};

Test(rules, what_makes_no_sense)
{
	CHECK(senseless_rules);
}

/* ------------------------------------------------------------------------ shm */

static const struct rule shm_rules[] = {
	{ "a segment's size is not known", "", CALL(SHMAT, 0x5000, 7, 0, 0),
	  "5000-6000 rw-s file shm @0 by 9", "all at 5000-6000 identity" },
	{ "read-only, executable", "", CALL(SHMAT, 0x5000, 7, 0, VM_SHM_RDONLY | VM_SHM_EXEC),
	  "5000-6000 r-xs file shm @0 by 9", "all at 5000-6000 identity" },
	{ "a segment at no page", "", CALL(SHMAT, 0x5001, 7, 0, 0), "",
	  "0-fffffffffffff000 effect" },
	{ "no segment", "", CALL(SHMAT, -EINVAL, 7, 0, 0), "", NO_DOUBT },
	{ "what is left of it goes, others stay",
	  "1000-2000 rw-s file shm object 2 @0, 2000-3000 rw-p, 3000-4000 r--s file shm object 2 "
	  "@2000",
	  CALL(SHMDT, 0, 0x1000), "2000-3000 rw-p", "1000-4000 effect" },
	{ "but what is sealed",
	  "1000-2000 rw-s file shm sealed object 2 @0, 2000-3000 rw-s file shm object 2 @1000",
	  CALL(SHMDT, 0, 0x1000), "1000-2000 rw-s file shm sealed object 2 @0",
	  "1000-3000 effect" },
	{ "though its start is gone", "2000-3000 rw-s file shm object 2 @1000",
	  CALL(SHMDT, 0, 0x1000), "", "1000-3000 effect" },
	{ "not what was moved",
	  "1000-2000 rw-s file shm object 2 @0, 3000-4000 rw-s file shm object 2 @1000",
	  CALL(SHMDT, 0, 0x1000), "3000-4000 rw-s file shm object 2 @1000", "1000-2000 effect" },
	{ "nor beyond its size",
	  "1000-2000 rw-s file shm object 2 @0, 4000-5000 rw-s file shm object 2 @3000",
	  CALL(SHMDT, 0, 0x1000), "4000-5000 rw-s file shm object 2 @3000", "1000-2000 effect" },
	{ "nor another file",
	  "1000-2000 rw-s file shm object 2 @0, 2000-3000 rw-s file object 1 @1000",
	  CALL(SHMDT, 0, 0x1000), "2000-3000 rw-s file object 1 @1000", "1000-2000 effect" },
	{ "a segment we know nothing of", "1000-2000 rw-s file object 1 @0", CALL(SHMDT, 0, 0x1000),
	  "1000-2000 rw-s file object 1 @0", "0-fffffffffffff000 effect" },
};

Test(rules, shm)
{
	CHECK(shm_rules);
}

/* --------------------------------------------------------- madvise and the rest */

static const struct rule other_rules[] = {
	{ "not inherited", "1000-3000 rw-p", CALL(MADVISE, 0, 0x1000, 0x1000, MADV_DONTFORK),
	  "1000-2000 rw-p dontfork changed 9, 2000-3000 rw-p", NO_DOUBT },
	{ "inherited again", "1000-3000 rw-p dontfork",
	  CALL(MADVISE, 0, 0x1000, 0x2000, MADV_DOFORK), "1000-3000 rw-p changed 9", NO_DOUBT },
	{ "wiped, where something is", "1000-2000 rw-p, 3000-4000 rw-p",
	  CALL(MADVISE, -ENOMEM, 0x1000, 0x3000, MADV_WIPEONFORK),
	  "1000-2000 rw-p wipe changed 9, 3000-4000 rw-p wipe changed 9", NO_DOUBT },
	{ "kept", "1000-2000 rw-p wipe", CALL(MADVISE, 0, 0x1000, 0x1000, MADV_KEEPONFORK),
	  "1000-2000 rw-p changed 9", NO_DOUBT },
	{ "guards", "1000-3000 rw-p", CALL(MADVISE, 0, 0x1000, 1, MADV_GUARD_INSTALL),
	  "1000-2000 rw-p guard changed 9, 2000-3000 rw-p", NO_DOUBT },
	{ "no guards", "1000-3000 rw-p guard", CALL(MADVISE, 0, 0x1000, 0x1000, MADV_GUARD_REMOVE),
	  "1000-2000 rw-p changed 9, 2000-3000 rw-p guard", NO_DOUBT },
	{ "guards stop at what is locked", "1000-2000 rw-p, 2000-3000 rw-p locked, 3000-4000 rw-p",
	  CALL(MADVISE, -EINVAL, 0x1000, 0x3000, MADV_GUARD_INSTALL),
	  "1000-2000 rw-p guard changed 9, 2000-3000 rw-p locked, 3000-4000 rw-p", NO_DOUBT },
	{ "and at huge pages", "1000-2000 rw-p, 2000-3000 rw-p huge",
	  CALL(MADVISE, -EINVAL, 0x1000, 0x2000, MADV_GUARD_INSTALL),
	  "1000-2000 rw-p guard changed 9, 2000-3000 rw-p huge", NO_DOUBT },
	{ "and at what is sealed and read-only", "1000-2000 r--p, 2000-3000 r--p sealed",
	  CALL(MADVISE, -EPERM, 0x1000, 0x2000, MADV_GUARD_INSTALL),
	  "1000-2000 r--p guard changed 9, 2000-3000 r--p sealed", NO_DOUBT },
	{ "guards pass over holes", "1000-2000 rw-p, 3000-4000 rw-p",
	  CALL(MADVISE, -ENOMEM, 0x1000, 0x3000, MADV_GUARD_INSTALL),
	  "1000-2000 rw-p guard changed 9, 3000-4000 rw-p guard changed 9", NO_DOUBT },
	{ "wiping stops at what is shared", "1000-2000 rw-p, 2000-3000 rw-s, 3000-4000 rw-p",
	  CALL(MADVISE, -EINVAL, 0x1000, 0x3000, MADV_WIPEONFORK),
	  "1000-2000 rw-p wipe changed 9, 2000-3000 rw-s, 3000-4000 rw-p", NO_DOUBT },
	{ "guards outlive what they guard", "1000-2000 rw-p guard",
	  CALL(MADVISE, 0, 0x1000, 0x1000, MADV_DONTNEED), "1000-2000 rw-p guard", NO_DOUBT },
	{ "refused", "1000-3000 rw-p", CALL(MADVISE, -EINVAL, 0x1000, 0x1000, MADV_GUARD_INSTALL),
	  "1000-3000 rw-p", NO_DOUBT },
	{ "advice that no map shows", "1000-3000 rw-p",
	  CALL(MADVISE, 0, 0x1000, 0x1000, MADV_DONTNEED), "1000-3000 rw-p", NO_DOUBT },
	{ "other pages of a file", "1000-4000 r--s file object 1 @0 by 3",
	  CALL(REMAP_FILE_PAGES, 0, 0x2345, 0x1fff, 0, 8, 0),
	  "1000-2000 r--s file object 1 @0 by 3, 2000-3000 r--s file object 1 @8000 by 9, "
	  "3000-4000 r--s file object 1 @2000 by 3",
	  "2000-3000 effect" },
	{ "without the key", "1000-2000 r--s file object 1 @0 pkey 3 by 3",
	  CALL(REMAP_FILE_PAGES, 0, 0x1000, 0x1000, 0, 8, 0),
	  "1000-2000 r--s file object 1 @8000 by 9", "1000-2000 effect" },
	{ "no other pages", "1000-4000 r--s file object 1 @0",
	  CALL(REMAP_FILE_PAGES, -EINVAL, 0x2000, 0x1000, 0, 8, 0),
	  "1000-4000 r--s file object 1 @0", NO_DOUBT },
	{ "but huge ones are gone when they are refused", "200000-400000 rw-s huge object 1 @0",
	  CALL(REMAP_FILE_PAGES, -EINVAL, 0x200000, 0x200000, 0, 1, 0),
	  "200000-400000 rw-s huge object 1 @0", "200000-400000 failed" },
	{ "a child", "1000-2000 rw-p", CALL(FORK, 77, 17), "1000-2000 rw-p", NO_DOUBT },
	{ "a failed exec", "1000-2000 rw-p", CALL(EXEC, -ENOENT, 0, 0, 0), "1000-2000 rw-p",
	  NO_DOUBT },
};

Test(rules, madvise_and_others)
{
	CHECK(other_rules);
}

/* ------------------------------------------------------------ sealing, locking */

static const struct rule lock_rules[] = {
	{ "sealed", "1000-4000 rw-p", CALL(MSEAL, 0, 0x2000, 0x1000, 0),
	  "1000-2000 rw-p, 2000-3000 rw-p sealed changed 9, 3000-4000 rw-p", NO_DOUBT },
	{ "not over a hole: then nothing is", "1000-2000 rw-p, 3000-4000 rw-p",
	  CALL(MSEAL, -ENOMEM, 0x1000, 0x3000, 0), "1000-2000 rw-p, 3000-4000 rw-p", NO_DOUBT },
	{ "sealed up to what can't be split", "1000-2000 rw-p, 2000-4000 rw-p huge",
	  CALL(MSEAL, -EINVAL, 0x1000, 0x2000, 0),
	  "1000-2000 rw-p sealed changed 9, 2000-4000 rw-p huge", NO_DOUBT },
	{ "which is the first", "1000-2000 rw-p, 2000-4000 rw-p huge",
	  CALL(MSEAL, -EINVAL, 0x3000, 0x1000, 0), "1000-2000 rw-p, 2000-4000 rw-p huge",
	  NO_DOUBT },
	{ "sealed, flags are refused at once", "1000-2000 rw-p, 2000-402000 rw-p huge",
	  CALL(MSEAL, -EINVAL, 0x1000, 0x2000, 1), "1000-2000 rw-p, 2000-402000 rw-p huge",
	  NO_DOUBT },
	{ "droppable memory is never locked", "1000-2000 rw-p wipe droppable, 2000-3000 rw-p",
	  CALL(MLOCK, 0, 0x1000, 0x2000),
	  "1000-2000 rw-p wipe droppable, 2000-3000 rw-p locked changed 9", NO_DOUBT },
	{ "locked, all that is touched", "1000-5000 rw-p", CALL(MLOCK, 0, 0x2fff, 2),
	  "1000-2000 rw-p, 2000-4000 rw-p locked changed 9, 4000-5000 rw-p", NO_DOUBT },
	{ "with flags", "1000-2000 rw-p", CALL(MLOCK2, 0, 0x1000, 1, 1),
	  "1000-2000 rw-p locked changed 9", NO_DOUBT },
	{ "up to a hole", "1000-2000 rw-p, 3000-4000 rw-p", CALL(MLOCK, -ENOMEM, 0x1000, 0x3000),
	  "1000-2000 rw-p locked changed 9, 3000-4000 rw-p", NO_DOUBT },
	{ "the limit: nothing", "1000-4000 rw-p", CALL(MLOCK, -ENOMEM, 0x1000, 0x3000),
	  "1000-4000 rw-p", NO_DOUBT },
	{ "a guard has no page: locked all the same", "1000-2000 rw-p, 2000-3000 rw-p guard",
	  CALL(MLOCK, -ENOMEM, 0x1000, 0x2000),
	  "1000-2000 rw-p locked changed 9, 2000-3000 rw-p guard locked changed 9", NO_DOUBT },
	{ "nor has what can only be executed", "1000-2000 --xp",
	  CALL(MLOCK, -ENOMEM, 0x1000, 0x1000), "1000-2000 --xp locked changed 9", NO_DOUBT },
	{ "on fault no pages are wanted: the limit", "1000-2000 --xp",
	  CALL(MLOCK2, -ENOMEM, 0x1000, 0x1000, 1), "1000-2000 --xp", NO_DOUBT },
	{ "but those of what is never locked", "1000-2000 r--p, 2000-3000 --xp wipe droppable",
	  CALL(MLOCK2, -ENOMEM, 0x1000, 0x2000, 1),
	  "1000-2000 r--p locked changed 9, 2000-3000 --xp wipe droppable", NO_DOUBT },
	{ "not allowed", "1000-2000 rw-p", CALL(MLOCK, -EPERM, 0x1000, 0x1000), "1000-2000 rw-p",
	  NO_DOUBT },
	{ "no length", "1000-2000 rw-p", CALL(MLOCK, 0, 0x1000, 0), "1000-2000 rw-p", NO_DOUBT },
	{ "a length that wraps", "1000-2000 rw-p", CALL(MLOCK, -EINVAL, 0x1000, UINT64_MAX),
	  "1000-2000 rw-p", NO_DOUBT },
	{ "not what is special", "1000-2000 rw-p, 2000-3000 rw-s file aio object 3 @0",
	  CALL(MLOCK, 0, 0x1000, 0x2000),
	  "1000-2000 rw-p locked changed 9, 2000-3000 rw-s file aio object 3 @0", NO_DOUBT },
	{ "unlocked", "1000-3000 rw-p locked", CALL(MUNLOCK, 0, 0x1000, 0x1000),
	  "1000-2000 rw-p changed 9, 2000-3000 rw-p locked", NO_DOUBT },
	{ "everything", "1000-2000 rw-p, 3000-4000 r--p", CALL(MLOCKALL, 0, MCL_CURRENT),
	  "1000-2000 rw-p locked changed 9, 3000-4000 r--p locked changed 9", NO_DOUBT },
	{ "what is to come: nothing of what is", "1000-2000 rw-p", CALL(MLOCKALL, 0, MCL_FUTURE),
	  "1000-2000 rw-p", NO_DOUBT },
	{ "nothing any more", "1000-2000 rw-p locked", CALL(MUNLOCKALL, 0, 0),
	  "1000-2000 rw-p changed 9", NO_DOUBT },
};

Test(rules, sealing_and_locking)
{
	CHECK(lock_rules);
}

Test(rules, what_is_to_come_is_locked)
{
	const struct rule steps[] = {
		{ "from now on", "", CALL(MLOCKALL, 0, MCL_FUTURE), "", NO_DOUBT },
		{ "mmap", "", CALL(MMAP, 0x5000, 0, 0x1000, RW, ANON, NO_FD, 0),
		  "5000-6000 rw-p locked by 9", NO_DOUBT },
		{ "brk", "", CALL(BRK, 0x2800, 0x2800),
		  "2000-3000 rw-p heap locked by 9, 5000-6000 rw-p locked by 9", NO_DOUBT },
		{ "droppable memory is not", "",
		  CALL(MMAP, 0x9000, 0, 0x1000, RW, MAP_DROPPABLE | MAP_ANONYMOUS, NO_FD, 0),
		  "2000-3000 rw-p heap locked by 9, 5000-6000 rw-p locked by 9, "
		  "9000-a000 rw-p wipe droppable by 9",
		  NO_DOUBT },
		{ "nor what goes", "", CALL(MUNMAP, 0, 0x9000, 0x1000),
		  "2000-3000 rw-p heap locked by 9, 5000-6000 rw-p locked by 9", NO_DOUBT },
		{ "no more", "", CALL(MLOCKALL, 0, MCL_CURRENT),
		  "2000-3000 rw-p heap locked by 9, 5000-6000 rw-p locked by 9", NO_DOUBT },
		{ "mmap again", "", CALL(MMAP, 0x7000, 0, 0x1000, RW, ANON, NO_FD, 0),
		  "2000-3000 rw-p heap locked by 9, 5000-6000 rw-p locked by 9, "
		  "7000-8000 rw-p by 9",
		  NO_DOUBT },
	};
	struct vm_space space;

	make_space(&space, "");
	space.brk = 0x1800;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		check(&steps[i], &space);
	vm_space_finish(&space);
}

Test(rules, what_remap_file_pages_maps_is_to_come)
{
	const struct rule locked = { "remap_file_pages", "",
				     CALL(REMAP_FILE_PAGES, 0, 0x1000, 0x1000, 0, 8, 0),
				     "1000-2000 r--s file locked object 1 @8000 by 9",
				     "1000-2000 effect" };
	struct vm_space space;

	make_space(&space, "1000-2000 r--s file object 1 @0 by 3");
	space.new_flags = VM_LOCKED;
	check(&locked, &space);
	vm_space_finish(&space);
}

/* ----------------------------------------------------------- rings, vdso, stacks */

static const struct rule process_rules[] = {
	{ "a ring's size is not known", "", CALL(IO_SETUP, 0, 1, 0x123, 0x5000),
	  "5000-6000 rw-s file aio @0 by 9", "all at 5000-6000 identity" },
	{ "no ring", "", CALL(IO_SETUP, -EAGAIN, 1, 0x123, 0), "", NO_DOUBT },
	{ "a ring at no page", "", CALL(IO_SETUP, 0, 1, 0x123, 0x5001), "",
	  "0-fffffffffffff000 effect" },
	{ "nor at one, where another thing of known size was",
	  "5000-8000 rw-s file shm object 2 @0", CALL(IO_SETUP, 0, 1, 0x123, 0x5001),
	  "5000-8000 rw-s file shm object 2 @0", "0-fffffffffffff000 effect" },
	{ "with the ring goes whatever is in its place",
	  "5000-6000 rw-s file aio object 3 @0, 6000-8000 r--p by 3", CALL(IO_DESTROY, 0, 0x5000),
	  "7000-8000 r--p by 3", "5000-7000 effect" },
	{ "but nothing where some of it is sealed",
	  "5000-6000 rw-s file aio object 3 @0, 6000-8000 r--p sealed by 3",
	  CALL(IO_DESTROY, 0, 0x5000),
	  "5000-6000 rw-s file aio object 3 @0, 6000-8000 r--p sealed by 3", "5000-7000 effect" },
	{ "of a ring whose size is not known", "5000-6000 rw-s file aio object 4 @0",
	  CALL(IO_DESTROY, 0, 0x5000), "5000-6000 rw-s file aio object 4 @0",
	  "0-fffffffffffff000 effect" },
	{ "no such ring", "5000-6000 rw-s file aio object 3 @0", CALL(IO_DESTROY, -EINVAL, 0x5000),
	  "5000-6000 rw-s file aio object 3 @0", NO_DOUBT },
	{ "a vdso somewhere", "1000-2000 rw-p", CALL(ARCH_PRCTL, 4096, 0x2003, 0), "1000-2000 rw-p",
	  "0-fffffffffffff000 effect" },
	{ "there is one", "1000-2000 rw-p", CALL(ARCH_PRCTL, -EEXIST, 0x2003, 0), "1000-2000 rw-p",
	  NO_DOUBT },
	{ "a shadow stack", "", CALL(MAP_SHADOW_STACK, 0x5000, 0, 0x1001, 1),
	  "5000-7000 rw-p shadow by 9", "5000-7000 identity" },
	{ "no shadow stack", "", CALL(MAP_SHADOW_STACK, -EOPNOTSUPP, 0, 0x1000, 1), "", NO_DOUBT },
	{ "one at no page", "", CALL(MAP_SHADOW_STACK, 0x5001, 0, 0x1000, 1), "",
	  "5000-7000 effect" },
	{ "a name", "1000-2000 rw-p", CALL(PRCTL, 0, PR_SET_VMA, 0, 0x1000, 0x1000, 0x77),
	  "1000-2000 rw-p", NO_DOUBT },
	{ "advice of which the parts follow", "1000-2000 rw-p",
	  CALL(PROCESS_MADVISE, 0x1000, 3, 0x77, 1, MADV_DONTFORK, 0), "1000-2000 rw-p", NO_DOUBT },
};

Test(rules, rings_vdso_and_stacks)
{
	CHECK(process_rules);
}

/* The labels move, and the break with them; no area does. */
Test(rules, limits_moved_by_prctl)
{
	const struct rule steps[] = {
		{ "start", "", CALL(PRCTL, 0, PR_SET_MM, PR_SET_MM_START_BRK, 0x5000),
		  "1000-2000 rw-p heap", NO_DOUBT },
		{ "break", "", CALL(PRCTL, 0, PR_SET_MM, PR_SET_MM_BRK, 0x5800),
		  "1000-2000 rw-p heap", NO_DOUBT },
		{ "stack", "", CALL(PRCTL, 0, PR_SET_MM, PR_SET_MM_START_STACK, 0x9000),
		  "1000-2000 rw-p heap", NO_DOUBT },
		{ "refused", "", CALL(PRCTL, -EINVAL, PR_SET_MM, PR_SET_MM_BRK, 0x7000),
		  "1000-2000 rw-p heap", NO_DOUBT },
		{ "grow", "", CALL(BRK, 0x6800, 0x6800),
		  "1000-2000 rw-p heap, 6000-7000 rw-p heap by 9", NO_DOUBT },
	};
	struct vm_space space;

	make_space(&space, "1000-2000 rw-p heap");
	space.start_brk = space.brk = 0x1800;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		check(&steps[i], &space);
	cr_assert_eq(space.start_brk, 0x5000);
	cr_assert_eq(space.start_stack, 0x9000);
	vm_space_finish(&space);
}

/* ------------------------------------------------------------------------ brk */

static const struct {
	uint64_t brk;
	uint64_t brk_after;
	struct rule rule;
} brk_rules[] = {
	{ 0x1800,
	  0x3800,
	  { "grow by pages", "1000-2000 rw-p heap by 3", CALL(BRK, 0x3800, 0x3800),
	    "1000-2000 rw-p heap by 3, 2000-4000 rw-p heap by 9", NO_DOUBT } },
	{ 0x1800,
	  0x1900,
	  { "within a page", "1000-2000 rw-p heap", CALL(BRK, 0x1900, 0x1900),
	    "1000-2000 rw-p heap", NO_DOUBT } },
	{ 0x1800,
	  0x1800,
	  { "asked", "1000-2000 rw-p heap", CALL(BRK, 0x1800, 0), "1000-2000 rw-p heap",
	    NO_DOUBT } },
	{ 0x1800,
	  0x1800,
	  { "refused", "1000-2000 rw-p heap", CALL(BRK, 0x1800, 0x9000), "1000-2000 rw-p heap",
	    NO_DOUBT } },
	{ 0x3800,
	  0x1800,
	  { "shrink, whatever is in the way",
	    "1000-2000 rw-p heap, 2000-3000 r--p by 5, 3000-5000 rw-p heap",
	    CALL(BRK, 0x1800, 0x1800), "1000-2000 rw-p heap, 4000-5000 rw-p heap", NO_DOUBT } },
	{ 0,
	  0x3800,
	  { "not known before", "1000-2000 rw-p", CALL(BRK, 0x3800, 0x3800), "1000-2000 rw-p",
	    NO_DOUBT } },
	{ 0x1800,
	  0x3800,
	  { "moved by somebody else", "1000-2000 rw-p heap", CALL(BRK, 0x3800, 0),
	    "1000-2000 rw-p heap", "2000-4000 effect" } },
	{ 0x1800,
	  0x1800,
	  { "an error", "1000-2000 rw-p heap", CALL(BRK, -EINTR, 0x9000), "1000-2000 rw-p heap",
	    NO_DOUBT } },
};

Test(rules, brk)
{
	for (size_t i = 0; i < sizeof(brk_rules) / sizeof(brk_rules[0]); i++) {
		struct vm_space space;

		make_space(&space, brk_rules[i].rule.before);
		space.brk = brk_rules[i].brk;
		check(&brk_rules[i].rule, &space);
		cr_assert_eq(space.brk, brk_rules[i].brk_after, "%s", brk_rules[i].rule.name);
		vm_space_finish(&space);
	}
}

/* ---------------------------------------------------------- reading is executing */

static const struct rule exec_rules[] = {
	{ "mmap", "", CALL(MMAP, 0x5000, 0, 0x1000, RW, ANON, NO_FD, 0), "5000-6000 rwxp by 9",
	  "5000-6000 identity" },
	{ "but not for what can't be read", "",
	  CALL(MMAP, 0x5000, 0, 0x1000, PROT_WRITE, ANON, NO_FD, 0), "5000-6000 -w-p by 9",
	  NO_DOUBT },
	{ "mprotect", "1000-2000 ---p", CALL(MPROTECT, 0, 0x1000, 0x1000, PROT_READ),
	  "1000-2000 r-xp changed 9", "1000-2000 effect" },
	{ "brk", "", CALL(BRK, 0x2800, 0x2800), "2000-3000 rwxp heap by 9", NO_DOUBT },
};

Test(rules, reading_implies_executing)
{
	for (size_t i = 0; i < sizeof(exec_rules) / sizeof(exec_rules[0]); i++) {
		struct vm_space space;

		make_space(&space, exec_rules[i].before);
		space.brk = 0x1800;
		space.personality = READ_IMPLIES_EXEC;
		check(&exec_rules[i], &space);
		vm_space_finish(&space);
	}
}

/* The personality is a thread's: once one had it, what can be read is asked about. */
Test(rules, a_personality_changes)
{
	const struct rule steps[] = {
		{ "on", "", CALL(PERSONALITY, 0, READ_IMPLIES_EXEC), "", NO_DOUBT },
		{ "asked", "", CALL(PERSONALITY, READ_IMPLIES_EXEC, 0xffffffff), "", NO_DOUBT },
		{ "mmap", "", CALL(MMAP, 0x5000, 0, 0x1000, PROT_READ, ANON, NO_FD, 0),
		  "5000-6000 r-xp by 9", "5000-6000 identity" },
		{ "off", "", CALL(PERSONALITY, READ_IMPLIES_EXEC, 0), "5000-6000 r-xp by 9",
		  NO_DOUBT },
		{ "mmap again", "", CALL(MMAP, 0x7000, 0, 0x1000, PROT_READ, ANON, NO_FD, 0),
		  "5000-6000 r-xp by 9, 7000-8000 r--p by 9", "7000-8000 identity" },
	};
	struct vm_space space;

	make_space(&space, "");
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		check(&steps[i], &space);
	vm_space_finish(&space);
}

/* -------------------------------------------------------------- performing once */

struct performer {
	int64_t result;
	unsigned n_calls;
	const struct vm_call *call;
};

static int64_t count_calls(void *context, struct vm_call *call)
{
	struct performer *performer = context;

	performer->n_calls++;
	performer->call = call;
	call->result = 4711; /* what the kernel said, whatever is answered */
	return performer->result;
}

/* Arguments that a set refuses, and plain ones. */
static const struct vm_call odd_calls[] = {
	CALL(MMAP, 0, 0, 0, RW, ANON, NO_FD, 0),
	CALL(MMAP, 0, 0x123, 0x1000, RW, ANON | MAP_FIXED, NO_FD, 0),
	CALL(MMAP, 0, UINT64_MAX, UINT64_MAX, RW, ANON, NO_FD, 0),
	CALL(MMAP, 0, 0, 0x1000, RW, ANON | MAP_HUGETLB | 63u << 26, NO_FD, 0),
	CALL(MMAP, 0, 0x1000, 0x1000, RW, ANON, NO_FD, 0),
	CALL(MUNMAP, 0, 1, 1),
	CALL(MUNMAP, 0, 0x1000, 0),
	CALL(MUNMAP, 0, 0xfffffffffffff000, 0x1000),
	CALL(MUNMAP, 0, 0x1000, 0x1000),
	CALL(MPROTECT, 0, 1, 1, RW),
	CALL(MPROTECT, 0, UINT64_MAX & ~0xfffULL, UINT64_MAX, RW),
	CALL(MPROTECT, 0, 0x1000, 0x1000, RW),
	CALL(PKEY_MPROTECT, 0, 0x1000, 0x1000, RW, 1),
	CALL(MREMAP, 0, 1, 1, 1, 7, 1),
	CALL(MREMAP, 0, 0x1000, UINT64_MAX, UINT64_MAX, FIXED, UINT64_MAX),
	CALL(BRK, 0, 0),
	CALL(SHMAT, 0, 1, 2, 3),
	CALL(SHMDT, 0, 1),
	CALL(REMAP_FILE_PAGES, 0, UINT64_MAX, UINT64_MAX, 0, 0, 0),
	CALL(MADVISE, 0, UINT64_MAX, UINT64_MAX, MADV_DONTFORK),
	CALL(MADVISE, 0, UINT64_MAX, UINT64_MAX, MADV_GUARD_INSTALL),
	CALL(MSEAL, 0, UINT64_MAX, UINT64_MAX, UINT64_MAX),
	CALL(MLOCK, 0, UINT64_MAX, UINT64_MAX),
	CALL(MLOCK2, 0, UINT64_MAX, 1, UINT64_MAX),
	CALL(MUNLOCK, 0, 1, UINT64_MAX),
	CALL(MLOCKALL, 0, UINT64_MAX),
	CALL(MUNLOCKALL, 0, 0),
	CALL(PROCESS_MADVISE, 0, UINT64_MAX, 1, UINT64_MAX, UINT64_MAX, UINT64_MAX),
	CALL(PRCTL, 0, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX),
	CALL(IO_SETUP, 0, UINT64_MAX, 1, UINT64_MAX),
	CALL(IO_DESTROY, 0, UINT64_MAX),
	CALL(ARCH_PRCTL, 0, UINT64_MAX, UINT64_MAX),
	CALL(MAP_SHADOW_STACK, 0, UINT64_MAX, UINT64_MAX, UINT64_MAX),
	CALL(PERSONALITY, 0, UINT64_MAX),
	CALL(FORK, 0, 0),
	CALL(EXEC, 0, 0, 0, 0),
	CALL(EXIT, 0, 0),
	{ .op = VM_OP_NONE },
	{ .op = 255 },
};

static void perform_odd_call(size_t i, int64_t result)
{
	struct performer performer = { .result = result };
	struct vm_call call = odd_calls[i];
	struct vm_doubts doubts;
	struct vm_space space;

	cr_assert_eq(vm_space_init(&space, &ml_allocator_malloc, count_calls, &performer), 0);
	cr_assert_eq(vm_space_reserve(&space, 1), 0);
	cr_assert_eq(vm_apply(&space, &call, &doubts), result, "call %zu", i);
	cr_assert_eq(performer.n_calls, 1, "call %zu", i);
	cr_assert_eq(performer.call, &call);
	cr_assert_eq(call.result, result == -EOWNERDEAD ? 4711 : result, "call %zu", i);
	cr_assert_null(memory_set_check(space.set));
	if (result == -EOWNERDEAD) {
		cr_assert_eq(doubts.n, 0, "call %zu", i);
		cr_assert_eq(memory_set_count(space.set), 0, "call %zu", i);
	}
	vm_space_finish(&space);
}

Test(perform, each_call_is_made_exactly_once)
{
	static const int64_t results[] = { 0, 0x1000, -EINVAL, -ENOMEM, -EOWNERDEAD, INT64_MAX };

	for (size_t i = 0; i < sizeof(odd_calls) / sizeof(odd_calls[0]); i++)
		for (size_t k = 0; k < sizeof(results) / sizeof(results[0]); k++)
			perform_odd_call(i, results[k]);
}

/* --------------------------------------------------------------- short of memory */

struct limited {
	struct ml_allocator allocator;
	bool refuse;
};

static void *limited_alloc(void *context, size_t size)
{
	struct limited *limited = context;

	return limited->refuse ? NULL
			       : ml_allocator_malloc.alloc(ml_allocator_malloc.context, size);
}

static void limited_free(void *context, void *memory, size_t size)
{
	(void)context;
	ml_allocator_malloc.free(ml_allocator_malloc.context, memory, size);
}

/* Until the reserve is used up and no more can be had. */
static void fill_up(struct vm_space *space)
{
	struct memory_area area = { .offset = MEMORY_AREA_NO_OFFSET };
	uint64_t at = 0x1000000;
	int error;

	do {
		area.range = (struct addr_range){ at, at + 0x1000 };
		error = memory_set_replace(space->set, area.range, &area, 1);
		at += 0x2000;
	} while (error == 0);
	cr_assert_eq(error, -ENOBUFS);
}

Test(perform, without_memory_the_call_is_made_and_doubted)
{
	struct limited limited = { { limited_alloc, limited_free, &limited }, false };
	struct performer performer = { .result = 0x5000 };
	struct vm_call call = CALL(MMAP, 0, 0, 0x2000, RW, ANON, NO_FD, 0);
	struct vm_doubts doubts;
	struct vm_space space;
	char text[80];

	cr_assert_eq(vm_space_init(&space, &limited.allocator, count_calls, &performer), 0);
	cr_assert_eq(vm_space_reserve(&space, 0), 0);
	limited.refuse = true;
	fill_up(&space);
	cr_assert_eq(vm_apply(&space, &call, &doubts), 0x5000);
	cr_assert_eq(performer.n_calls, 1);
	cr_assert_eq(space.n_unapplied, 1);
	format_doubts(&doubts, text, sizeof(text));
	cr_assert_str_eq(text, "5000-7000 effect");
	vm_space_finish(&space);
}
