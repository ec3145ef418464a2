/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Gaps between areas, and the gap below a stack that the kernel may have let it grow into
 */

#include "vma/vm_change.h"
#include "vma/vm_edge.h"
#include "vma/vm_size.h"

bool vm_is_mapped(const struct memory_set *set, struct addr_range range)
{
	const struct memory_area *area;

	while (!vm_range_is_empty(range)) {
		area = memory_set_find(set, range.start);
		if (area == NULL)
			return false;
		range.start = area->range.end;
	}
	return true;
}

uint64_t vm_end_below(const struct memory_set *set, uint64_t addr)
{
	struct memory_set_iter iter = memory_set_iter_from_end(set, (struct addr_range){ 0, addr });
	const struct memory_area *below = memory_set_iter_prev(&iter);

	return below == NULL ? 0 : below->range.end;
}

bool vm_edge_next(const struct memory_set *set, struct addr_range *rest, struct addr_range *gap)
{
	while (rest->start < rest->end) {
		const struct memory_area *area = memory_set_find_from(set, rest->start);
		bool covers = area != NULL && area->range.start <= rest->start;

		if (area == NULL)
			return false;
		rest->start = area->range.end;
		if (covers || !(area->flags & VM_GROWSDOWN))
			continue;
		*gap = (struct addr_range){ vm_end_below(set, area->range.start),
					    area->range.start };
		return true;
	}
	return false;
}
