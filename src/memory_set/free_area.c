/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory_set_find_free_area(): the lowest gap between areas that is wide enough.
 */

#include <errno.h>

#include "memory_set_private.h"

struct wanted {
	uint64_t size;
	uint64_t limit; /* where it must end */
	uint64_t alignment;
};

/* False when that is beyond the address space. */
static bool align_up(uint64_t addr, uint64_t alignment, uint64_t *aligned)
{
	*aligned = (addr + alignment - 1) & -alignment;
	return *aligned >= addr;
}

/* Is there room in the gap from @from to @to? Then @start is where. */
static bool fits(const struct wanted *wanted, uint64_t from, uint64_t to, uint64_t *start)
{
	uint64_t end;

	if (!align_up(from, wanted->alignment, start) ||
	    __builtin_add_overflow(*start, wanted->size, &end))
		return false;
	return end <= to && end <= wanted->limit;
}

/*
 * A gap as wide as @wanted->size is what to look for: narrower ones can't do,
 * and which of the others do depends on how they lie to the alignment.
 */
static int find_from(const struct memory_set *set, const struct wanted *wanted, uint64_t from,
		     uint64_t *start)
{
	const struct memory_area *area;
	struct cursor cursor;

	area_tree_seek(&set->tree, from, &cursor);
	area = cursor_area(&cursor);
	while (area) {
		if (area->range.start > from && fits(wanted, from, area->range.start, start))
			return 0;
		if (area->range.end >= wanted->limit)
			return -ENOMEM;
		if (!area_tree_next_gap(&set->tree, &cursor, wanted->size))
			break;
		from = cursor_area_before(&cursor)->range.end;
		area = cursor_area(&cursor);
	}
	if (area)
		from = area_tree_end(&set->tree);
	return fits(wanted, from, wanted->limit, start) ? 0 : -ENOMEM;
}

int memory_set_find_free_area(const struct memory_set *set, uint64_t hint, uint64_t size,
			      struct addr_range limit, uint64_t alignment, uint64_t *start)
{
	struct wanted wanted = {
		.size = size,
		.limit = limit.end,
		.alignment = alignment > set->page_mask ? alignment : set->page_mask + 1,
	};
	uint64_t from = hint > limit.start ? hint : limit.start;
	uint64_t found;
	int error;

	if (size == 0 || (size & set->page_mask) || (alignment & (alignment - 1)))
		return -EINVAL;
	if (!align_up(from, wanted.alignment, &from))
		return -ENOMEM;
	error = find_from(set, &wanted, from, &found);
	if (!error)
		*start = found;
	return error;
}
