/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Gaps below stacks: the kernel lets a stack grow down on a page fault, without any call to
 * record
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
#include "vma/vm_reach.h"
#include "vma/vm_change.h"
#include "vma/vm_edge.h"
#include "vma/vm_size.h"
#include "vma/vm_stack_gaps.h"

/* Below the stack at or above @addr, when there is nothing in between. */
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
	struct addr_range ranges[VM_EDGE_RANGES_MAX];
	unsigned n = vm_ranges_with_edges(space, call, ranges);
	unsigned n_gaps = 0;

	for (unsigned i = 0; i < n; i++) {
		if (vm_range_is_empty(ranges[i]))
			continue;
		n_gaps = add_gap(gaps, n_gaps, gap_below_stack(space->set, ranges[i].start));
		n_gaps = add_gap(gaps, n_gaps, gap_below_stack(space->set, ranges[i].end));
	}
	return n_gaps;
}
