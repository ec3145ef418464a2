/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Tests sequences of calls that chance does not bring about, with the kernel as the
 * judge of a few pages
 */

#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "areas_text.h"
#include "resync.h"
#include "vma/vm_abi.h"
#include "vma/vm_apply.h"
#include "vma/vm_compare.h"
#include "vma/vm_edge.h"

#ifndef MFD_HUGETLB
#define MFD_HUGETLB 4u
#endif

#define PAGE	  VM_PAGE_SIZE
#define ANON	  (MAP_PRIVATE | MAP_ANONYMOUS)
#define NO_FD	  ((uint64_t)-1)
#define HUGE_SIZE (2ULL << 20)

static struct vm_space space;
static struct addr_range place; /* free, and aligned for huge pages */
static struct readback answer;
static struct vm_comparison last;
static uint64_t n_calls;

static void begin(void)
{
	uint64_t at = (uint64_t)(uintptr_t)mmap(NULL, 4 * HUGE_SIZE, PROT_NONE,
						ANON | MAP_NORESERVE, -1, 0);

	place.start = (at + HUGE_SIZE - 1) & ~(HUGE_SIZE - 1);
	place.end = place.start + 2 * HUGE_SIZE;
	munmap((void *)(uintptr_t)place.start, 2 * HUGE_SIZE);
	cr_assert_eq(vm_space_init(&space, &ml_allocator_malloc, perform_for_real, NULL), 0);
}

static void end(void)
{
	vm_space_finish(&space);
}

TestSuite(scenarios, .init = begin, .fini = end);

static int64_t apply(struct vm_call call)
{
	struct vm_doubts doubts;

	call.event = ++n_calls;
	cr_assert_eq(vm_space_reserve(&space, 1), 0);
	vm_apply(&space, &call, &doubts);
	for (unsigned i = 0; i < doubts.n; i++) {
		readback_doubt(&answer, &space, &doubts.doubt[i], KERNEL_TEXT);
		cr_assert_eq(readback_put(&answer, &space), 0);
	}
	return call.result;
}

#define CALL(op_, ...) apply((struct vm_call){ .op = VM_OP_##op_, .args = { __VA_ARGS__ } })

static uint64_t page(unsigned n)
{
	return place.start + n * PAGE;
}

static void compare(void)
{
	struct vm_array_source kernel;
	struct vm_set_source ours;

	readback_get(&answer, &space, place, VM_REASON_NONE, KERNEL_TEXT);
	vm_array_source_init(&kernel, answer.areas, answer.n_areas);
	vm_set_source_init(&ours, space.set, place);
	vm_compare(&kernel.source, &ours.source, place, NULL, NULL, &last);
}

#define assert_equal()                                                                             \
	do {                                                                                       \
		compare();                                                                         \
		cr_assert_eq(vm_comparison_unexplained(&last), 0);                                 \
	} while (0)

/* Not asked with what is tested here. */
static bool is_shown(uint64_t at)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	uint64_t from, to;
	char line[8192];
	bool found = false;

	while (!found && fgets(line, sizeof(line), maps) != NULL)
		found = sscanf(line, "%" SCNx64 "-%" SCNx64, &from, &to) == 2 && from <= at &&
			at < to;
	fclose(maps);
	return found;
}

static void grow_one(void)
{
	char *top = mmap((void *)(uintptr_t)page(1000), PAGE, PROT_READ | PROT_WRITE,
			 ANON | MAP_FIXED | MAP_GROWSDOWN, -1, 0);

	*(volatile char *)(top - PAGE) = 1;
	_exit(is_shown(page(999)) ? 0 : 1);
}

/* They don't under qemu-user. */
static void skip_unless_stacks_grow(void)
{
	pid_t child = fork();
	int status = 0;

	if (child == 0)
		grow_one();
	waitpid(child, &status, 0);
	if (status != 0)
		cr_skip_test("stacks don't grow here");
}

Test(scenarios, a_stack_grows_without_a_call)
{
	uint64_t top = page(1000);

	skip_unless_stacks_grow();
	cr_assert_eq(CALL(MMAP, top, 2 * PAGE, PROT_READ | PROT_WRITE,
			  ANON | MAP_FIXED | MAP_GROWSDOWN, NO_FD, 0),
		     (int64_t)top);
	*(volatile char *)(uintptr_t)(top - 5 * PAGE) = 1;
	assert_equal();
	cr_assert_eq(last.count[VM_DIFF_STACK_GROWTH], 1);
	readback_get(&answer, &space, place, VM_REASON_STACK, KERNEL_TEXT);
	cr_assert_eq(readback_put(&answer, &space), 0);
	assert_equal();
	cr_assert_eq(last.count[VM_DIFF_STACK_GROWTH], 0);
	cr_assert_eq(memory_set_find(space.set, top)->origin, 1, "its old part keeps its history");
}

Test(scenarios, protecting_a_stack_reaches_what_grew)
{
	uint64_t top = page(1000);

	skip_unless_stacks_grow();
	CALL(MMAP, top, 2 * PAGE, PROT_READ | PROT_WRITE, ANON | MAP_FIXED | MAP_GROWSDOWN, NO_FD,
	     0);
	*(volatile char *)(uintptr_t)(top - 5 * PAGE) = 1;
	cr_assert_eq(CALL(MPROTECT, top + PAGE, PAGE, PROT_READ | PROT_GROWSDOWN), 0);
	assert_equal();
	cr_assert_eq(last.count[VM_DIFF_STACK_GROWTH], 0);
	cr_assert_eq(memory_set_find(space.set, top - 5 * PAGE)->flags & VM_PROT, VM_READ);
}

/* A file says how large its pages are, not the call. */
Test(scenarios, a_file_of_huge_pages_maps_more_than_was_asked)
{
	int fd = memfd_create("huge", MFD_HUGETLB);

	if (fd < 0 || ftruncate(fd, HUGE_SIZE) < 0)
		cr_skip_test("no huge pages here");
	if (CALL(MMAP, place.start, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED | MAP_NORESERVE,
		 (uint64_t)fd, 0) != (int64_t)place.start)
		cr_skip_test("no huge pages of 2 MiB here");
	if (!is_shown(place.start + HUGE_SIZE - 1)) /* under qemu-user */
		cr_skip_test("the map shows less than huge pages here");
	assert_equal();
	cr_assert_eq(last.n_runs, 1);
	cr_assert_eq(memory_set_find(space.set, place.start + HUGE_SIZE - 1)->origin, 1);
	close(fd);
}

static void make_three(void)
{
	for (unsigned i = 0; i < 3; i++)
		CALL(MMAP, page(2 * i), PAGE, PROT_READ | i, ANON | MAP_FIXED, NO_FD, 0);
}

static bool seal(uint64_t at)
{
	return syscall(SYS_mseal, at, PAGE, 0) == 0;
}

/* Since Linux 6.17 a move of many areas can stop half-way. */
Test(scenarios, a_move_may_fail_after_its_first_areas)
{
	make_three();
	if (!seal(page(4)))
		cr_skip_test("no mseal here (Linux 6.10)");
	cr_assert_lt(CALL(MREMAP, page(0), 5 * PAGE, 5 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
			  page(20)),
		     0);
	assert_equal();
}

Test(scenarios, protection_stops_at_what_is_sealed)
{
	for (unsigned i = 0; i < 3; i++)
		CALL(MMAP, page(i), PAGE, PROT_READ | PROT_WRITE, ANON | MAP_FIXED, NO_FD, 0);
	if (!seal(page(1)))
		cr_skip_test("no mseal here (Linux 6.10)");
	cr_assert_lt(CALL(MPROTECT, page(0), 3 * PAGE, PROT_READ), 0);
	assert_equal();
	cr_assert_lt(CALL(MUNMAP, page(0), 3 * PAGE), 0);
	assert_equal();
	cr_assert_lt(CALL(MMAP, page(0), 3 * PAGE, PROT_READ, ANON | MAP_FIXED, NO_FD, 0), 0);
	assert_equal();
}

Test(scenarios, gaps_in_a_moved_range_keep_what_was_at_the_new_place)
{
	make_three();
	CALL(MMAP, page(20), 5 * PAGE, PROT_EXEC, ANON | MAP_FIXED, NO_FD, 0);
	CALL(MREMAP, page(0), 5 * PAGE, 5 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, page(20));
	assert_equal();
}

Test(scenarios, keys_are_kept_but_not_shown)
{
	int key = pkey_alloc(0, 0);

	if (key < 0)
		cr_skip_test("no protection keys here");
	CALL(MMAP, page(0), PAGE, PROT_READ, ANON | MAP_FIXED, NO_FD, 0);
	cr_assert_eq(CALL(PKEY_MPROTECT, page(0), PAGE, PROT_READ, (uint64_t)key), 0);
	assert_equal();
	cr_assert_eq((memory_set_find(space.set, page(0))->flags & VM_PKEY_MASK) >> VM_PKEY_SHIFT,
		     (uint64_t)key);
}

/* The kernel knows where the ring of io_setup is and how large; io_destroy tells neither. */
Test(scenarios, a_ring_goes_with_what_lies_in_it_and_nothing_else)
{
	unsigned long ring = 0;
	const struct vm_object *object;

	if (CALL(IO_SETUP, 500, (uintptr_t)&ring) != 0)
		cr_skip_test("no asynchronous i/o here");
	cr_assert_eq(memory_set_find(space.set, ring)->origin, 1);
	object = vm_objects_get(&space.objects,
				(uint32_t)memory_set_find(space.set, ring)->tag[VM_TAG_OBJECT]);
	cr_assert_eq(object->size, memory_set_find(space.set, ring)->range.end - ring);
	CALL(MMAP, ring + PAGE, PAGE, PROT_READ, ANON | MAP_FIXED, NO_FD, 0);
	cr_assert_eq(CALL(IO_DESTROY, ring), 0);
	cr_assert_null(memory_set_find(space.set, ring));
	cr_assert_null(memory_set_find(space.set, ring + PAGE));
	cr_assert_eq(answer.range.end - answer.range.start, object->size, "no more is asked");
}

Test(scenarios, what_a_stack_grew_is_the_stacks_own)
{
	uint64_t top = page(1000);

	skip_unless_stacks_grow();
	CALL(MMAP, top, 2 * PAGE, PROT_READ | PROT_WRITE, ANON | MAP_FIXED | MAP_GROWSDOWN, NO_FD,
	     0);
	*(volatile char *)(uintptr_t)(top - 5 * PAGE) = 1;
	for (struct addr_range gap, rest = { top - PAGE, top };
	     vm_edge_next(space.set, &rest, &gap);) {
		cr_assert_eq(gap.end, top);
		readback_get(&answer, &space, gap, VM_REASON_STACK, KERNEL_TEXT);
		cr_assert_eq(readback_put(&answer, &space), 0);
	}
	cr_assert_eq(memory_set_find(space.set, top - 5 * PAGE)->origin, 1);
	cr_assert(memory_set_find(space.set, top - 5 * PAGE)->flags & VM_GROWSDOWN);
	assert_equal();
}
