/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The table of where each operation's pages are, and a function for each question about them
 */

#include "vma/vm_abi.h"
#include "vma/vm_advice.h"
#include "vma/vm_reach.h"
#include "vma/vm_size.h"

#define C VM_REACH_CHANGES
#define T VM_REACH_TAKES
#define E VM_REACH_EDGES
#define H VM_REACH_HIDES
#define S VM_REACH_TELLS

/*
 * Why some columns are empty. Advice takes nothing away. remap_file_pages and shmdt work on what
 * no stack is. io_destroy takes away a ring, where neither code nor a stack is; by its size,
 * however, so that it may end in a gap. What arch_prctl maps nobody can name.
 */
static const struct vm_reach reaches[VM_OP_COUNT] = {
	[VM_OP_MMAP] = { VM_PLACE_MAPPED, 0, 1, C | T | E | S },
	[VM_OP_MUNMAP] = { VM_PLACE_GIVEN, 0, 1, C | T | E | S },
	[VM_OP_MPROTECT] = { VM_PLACE_STACK, 0, 1, C | T | E | S },
	[VM_OP_PKEY_MPROTECT] = { VM_PLACE_STACK, 0, 1, C | T | E | S },
	[VM_OP_MREMAP] = { VM_PLACE_MOVED, 0, 1, C | T | E | H | S },
	[VM_OP_BRK] = { VM_PLACE_BREAK, 0, 0, C | T | E | S },
	[VM_OP_SHMAT] = { VM_PLACE_SEGMENT, 1, 0, C | T | E | S },
	[VM_OP_SHMDT] = { VM_PLACE_SEGMENT, 0, 0, C | T | S },
	[VM_OP_REMAP_FILE_PAGES] = { VM_PLACE_GIVEN, 0, 1, C | T | S },
	[VM_OP_MADVISE] = { VM_PLACE_GIVEN, 0, 1, C | H | S },
	[VM_OP_MSEAL] = { VM_PLACE_GIVEN, 0, 1, H | S },
	[VM_OP_MLOCK] = { VM_PLACE_GIVEN, 0, 1, H | S },
	[VM_OP_MLOCK2] = { VM_PLACE_GIVEN, 0, 1, H | S },
	[VM_OP_MUNLOCK] = { VM_PLACE_GIVEN, 0, 1, H | S },
	[VM_OP_MLOCKALL] = { VM_PLACE_ALL, 0, 0, H },
	[VM_OP_MUNLOCKALL] = { VM_PLACE_ALL, 0, 0, H },
	[VM_OP_PRCTL] = { VM_PLACE_GIVEN, 2, 3, S },
	[VM_OP_IO_SETUP] = { VM_PLACE_RING, 2, 0, C | S },
	[VM_OP_IO_DESTROY] = { VM_PLACE_RING, 0, 0, C | E | S },
	[VM_OP_ARCH_PRCTL] = { VM_PLACE_UNTOLD, 0, 0, C },
	[VM_OP_MAP_SHADOW_STACK] = { VM_PLACE_RESULT, 0, 1, C | S },
};

#undef C
#undef T
#undef E
#undef H
#undef S

const struct vm_reach *vm_reach_of_call(const struct vm_call *call)
{
	static const struct vm_reach none = { VM_PLACE_NONE, 0, 0, 0 };

	if (call->op >= VM_OP_COUNT || (call->op == VM_OP_PRCTL && call->args[0] != PR_SET_VMA))
		return &none;
	return &reaches[call->op];
}

/* Whatever the arguments are, something valid that is not smaller than what was meant. */
static struct addr_range cover(uint64_t addr, uint64_t size)
{
	struct addr_range range = { vm_page_down(addr), 0 };
	uint64_t end;

	if (__builtin_add_overflow(addr, size, &end) || end > VM_ALL_PAGES.end)
		range.end = VM_ALL_PAGES.end;
	else
		range.end = vm_page_up(end);
	return range;
}

static unsigned one(struct addr_range ranges[], struct addr_range range)
{
	ranges[0] = range;
	return !vm_range_is_empty(range);
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

struct addr_range vm_range_given(const struct vm_call *call)
{
	const struct vm_reach *reach = vm_reach_of_call(call);
	uint64_t addr = call->args[reach->addr];
	struct addr_range range = { vm_page_down(addr), vm_page_up(addr + call->args[reach->len]) };

	if (range.end < range.start)
		range.end = range.start;
	return range;
}

/* --------------------------------------------------------------------- changes */

static unsigned mapped_ranges(const struct vm_call *call, bool finished,
			      struct addr_range ranges[2])
{
	uint64_t size = vm_mmap_size(call);

	if (finished && !vm_call_failed(call))
		return one(ranges, cover((uint64_t)call->result, size));
	if (call->args[3] & (MAP_FIXED | MAP_FIXED_NOREPLACE))
		return one(ranges, cover(call->args[0], size));
	return finished ? 0 : one(ranges, VM_ALL_PAGES);
}

static unsigned moved_ranges(const struct vm_call *call, bool finished, struct addr_range ranges[2])
{
	const uint64_t *args = call->args;
	unsigned n = one(ranges, cover(args[0], larger(args[1], args[2])));

	if (finished && !vm_call_failed(call))
		ranges[n++] = cover((uint64_t)call->result, args[2]);
	else if (args[3] & MREMAP_FIXED)
		ranges[n++] = cover(args[4], args[2]);
	else if (!finished && (args[3] & MREMAP_MAYMOVE))
		n = one(ranges, VM_ALL_PAGES);
	return n;
}

static unsigned break_ranges(const struct vm_space *space, const struct vm_call *call,
			     bool finished, struct addr_range ranges[2])
{
	uint64_t brk = finished ? (uint64_t)call->result : call->args[0];
	uint64_t end = larger(brk, space->brk);

	if (end <= space->start_brk)
		return 0;
	return one(ranges, cover(space->start_brk, end - space->start_brk));
}

unsigned vm_call_ranges(const struct vm_space *space, const struct vm_call *call, bool finished,
			struct addr_range ranges[2])
{
	const struct vm_reach *reach = vm_reach_of_call(call);
	bool refused = finished && vm_call_failed(call);
	uint64_t addr = call->args[reach->addr];
	uint64_t len = call->args[reach->len];
	uint64_t size;

	if (!(reach->does & VM_REACH_CHANGES))
		return 0;
	switch (reach->place) {
	case VM_PLACE_MAPPED:
		return mapped_ranges(call, finished, ranges);
	case VM_PLACE_MOVED:
		return moved_ranges(call, finished, ranges);
	case VM_PLACE_STACK:
		ranges[0] = cover(addr, len);
		if (call->args[2] & PROT_GROWSDOWN)
			ranges[0].start = vm_stack_start(space->set, ranges[0].start);
		return one(ranges, ranges[0]);
	case VM_PLACE_GIVEN:
		return one(ranges, cover(addr, len));
	case VM_PLACE_BREAK:
		return break_ranges(space, call, finished, ranges);
	case VM_PLACE_RESULT:
		if (finished && !refused)
			return one(ranges, cover((uint64_t)call->result, len));
		break;
	case VM_PLACE_RING:
		size = vm_ring_size(space, addr);
		if (!refused && size != 0)
			return one(ranges, cover(addr, size));
		break;
	default: /* of a size that no argument tells */
		break;
	}
	return refused ? 0 : one(ranges, VM_ALL_PAGES);
}

/* ----------------------------------------------------------------------- hides */

/* A stack that is marked from its lower edge on is not what it had grown to, either. */
static struct addr_range cover_and_below(uint64_t addr, uint64_t len)
{
	struct addr_range range = cover(addr, len);

	if (range.start < range.end && range.start >= VM_PAGE_SIZE)
		range.start -= VM_PAGE_SIZE;
	return range;
}

unsigned vm_ranges_to_know(const struct vm_call *call, struct addr_range ranges[2])
{
	const struct vm_reach *reach = vm_reach_of_call(call);
	const uint64_t *args = call->args;

	if (!(reach->does & VM_REACH_HIDES) ||
	    (call->op == VM_OP_MADVISE && !vm_advice_has_effect((uint32_t)args[2])))
		return 0;
	switch (reach->place) {
	case VM_PLACE_MOVED:
		/* Where it may grow in place, too. */
		ranges[0] = cover(args[0], larger(args[1], args[2]));
		ranges[1] = cover(args[4], args[2]);
		return args[3] & MREMAP_FIXED ? 2 : 1;
	case VM_PLACE_GIVEN:
		ranges[0] = cover_and_below(args[reach->addr], args[reach->len]);
		return 1;
	default:
		return one(ranges, VM_ALL_PAGES);
	}
}

/* ----------------------------------------------------------------------- takes */

unsigned vm_ranges_taken(const struct vm_call *call, uint64_t brk, struct addr_range ranges[2])
{
	const struct vm_reach *reach = vm_reach_of_call(call);
	const uint64_t *args = call->args;

	if (!(reach->does & VM_REACH_TAKES))
		return 0;
	ranges[0] = cover(args[reach->addr], args[reach->len]);
	switch (reach->place) {
	case VM_PLACE_MAPPED:
		return (args[3] & MAP_FIXED) != 0;
	case VM_PLACE_MOVED:
		ranges[1] = cover(args[4], args[2]);
		return args[3] & MREMAP_FIXED ? 2 : 1;
	case VM_PLACE_BREAK:
		ranges[0] = cover(args[0], brk - args[0]);
		return args[0] < brk;
	case VM_PLACE_SEGMENT:
		return one(ranges, VM_ALL_PAGES); /* of a size that no argument tells */
	default:
		return 1;
	}
}

/* ----------------------------------------------------------------------- edges */

/*
 * The old range, the part of it that is cut off, whose start may lie in a gap, and the new
 * range.
 */
static unsigned moved_edges(const struct vm_call *call,
			    struct addr_range ranges[VM_EDGE_RANGES_MAX])
{
	const uint64_t *args = call->args;
	uint64_t new_size = vm_page_up(args[2]);
	unsigned n = 0;

	ranges[n++] = vm_pages(args[0], args[1]);
	if (new_size < vm_page_up(args[1]))
		ranges[n++] = vm_pages(args[0] + new_size, args[1] - new_size);
	if (args[3] & MREMAP_FIXED)
		ranges[n++] = vm_pages(args[4], args[2]);
	return n;
}

unsigned vm_ranges_with_edges(const struct vm_space *space, const struct vm_call *call,
			      struct addr_range ranges[VM_EDGE_RANGES_MAX])
{
	const struct vm_reach *reach = vm_reach_of_call(call);
	const uint64_t *args = call->args;

	if (!(reach->does & VM_REACH_EDGES))
		return 0;
	switch (reach->place) {
	case VM_PLACE_MAPPED:
		ranges[0] = vm_pages(args[0], vm_mmap_size(call));
		return (args[3] & MAP_FIXED) && !(args[3] & MAP_FIXED_NOREPLACE);
	case VM_PLACE_MOVED:
		return moved_edges(call, ranges);
	case VM_PLACE_SEGMENT:
		/* Its size is not known; where it begins is enough. */
		ranges[0] = vm_pages(vm_page_down(args[reach->addr]), 1);
		return (args[2] & VM_SHM_REMAP) != 0;
	case VM_PLACE_RING:
		ranges[0] = vm_pages(args[reach->addr], vm_largest_ring(&space->objects));
		return 1;
	case VM_PLACE_BREAK:
		ranges[0] = (struct addr_range){ vm_page_up(args[0]), vm_page_up(space->brk) };
		return args[0] != 0;
	default:
		ranges[0] = vm_pages(args[reach->addr], args[reach->len]);
		return 1;
	}
}
