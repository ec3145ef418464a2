/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Stacks - the kernel moves the lower edge of a stack, and says so to nobody
 *
 *            gap: any part of its upper end may be the stack's by now
 *            |
 *     [ other)                           [ stack, as it was )
 *                    [ touched by a call )
 *
 * While a stack is left alone, that makes no difference but a tolerated one. A call
 * that begins or ends in the gap, or begins with the stack, may tear what grew from
 * what we know; so then all of the gap is asked about.
 */

#include "vma/vm_abi.h"
#include "vma/vm_change.h"
#include "vma/vm_edge.h"
#include "vma/vm_size.h"
#include "vma/vm_stack_gaps.h"

#define RANGES_MAX 3 /* that one call touches: each has a gap at its start and one at its end */

static struct addr_range touched_by_mmap(const struct vm_call *call)
{
	if (!(call->args[3] & MAP_FIXED) || (call->args[3] & MAP_FIXED_NOREPLACE))
		return (struct addr_range){ 0 };
	return vm_pages(call->args[0], vm_mmap_size(call));
}

static struct addr_range touched_by_brk(const struct vm_space *space, const struct vm_call *call)
{
	return (struct addr_range){ vm_page_up(call->args[0]), vm_page_up(space->brk) };
}

/*
 * The old range, the part of it that is cut off, whose start may lie in a gap, and the new
 * range.
 */
static unsigned touched_by_mremap(const struct vm_call *call, struct addr_range ranges[RANGES_MAX])
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

/* What a call replaces or removes, or shows otherwise. */
static unsigned touched(const struct vm_space *space, const struct vm_call *call,
			struct addr_range ranges[RANGES_MAX])
{
	const uint64_t *args = call->args;

	switch (call->op) {
	case VM_OP_MUNMAP:
	case VM_OP_MPROTECT:
	case VM_OP_PKEY_MPROTECT:
		ranges[0] = vm_pages(args[0], args[1]);
		return 1;
	case VM_OP_MMAP:
		ranges[0] = touched_by_mmap(call);
		return 1;
	case VM_OP_MREMAP:
		return touched_by_mremap(call, ranges);
	case VM_OP_SHMAT:
		/* Its size is not known; where it begins is enough. */
		ranges[0] = vm_pages(vm_page_down(args[1]), 1);
		return (args[2] & VM_SHM_REMAP) != 0;
	case VM_OP_IO_DESTROY:
		ranges[0] = vm_pages(args[0], vm_largest_ring(&space->objects));
		return 1;
	case VM_OP_BRK:
		ranges[0] = touched_by_brk(space, call);
		return args[0] != 0;
	default:
		return 0;
	}
}

/* Of the stack at or above @addr, when there is nothing in between. */
static struct addr_range gap_below_stack(const struct memory_set *set, uint64_t addr)
{
	const struct memory_area *area = memory_set_find_from(set, addr);

	if (area == NULL || !(area->flags & VM_GROWSDOWN) || area->range.start < addr ||
	    area->range.start == 0)
		return (struct addr_range){ 0 };
	return (struct addr_range){ vm_end_below(set, area->range.start), area->range.start };
}

static unsigned add_gap(struct addr_range gaps[VM_STACK_GAPS_MAX], unsigned n,
			struct addr_range gap)
{
	for (unsigned i = 0; i < n; i++)
		if (gaps[i].end == gap.end)
			return n;
	gaps[n] = gap;
	return n + !vm_range_is_empty(gap);
}

unsigned vm_stack_gaps(const struct vm_space *space, const struct vm_call *call,
		       struct addr_range gaps[VM_STACK_GAPS_MAX])
{
	struct addr_range ranges[RANGES_MAX];
	unsigned n = touched(space, call, ranges);
	unsigned n_gaps = 0;

	for (unsigned i = 0; i < n; i++) {
		if (vm_range_is_empty(ranges[i]))
			continue;
		n_gaps = add_gap(gaps, n_gaps, gap_below_stack(space->set, ranges[i].start));
		n_gaps = add_gap(gaps, n_gaps, gap_below_stack(space->set, ranges[i].end));
	}
	return n_gaps;
}
