/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "stacks/kept_ranges.h"

static void begin_change(struct kept_ranges *kept)
{
	__atomic_store_n(&kept->version, kept->version | 1, __ATOMIC_SEQ_CST);
}

static void end_change(struct kept_ranges *kept)
{
	__atomic_store_n(&kept->version, kept->version + 1, __ATOMIC_SEQ_CST);
}

/* The first range that ends above @addr; @kept->n if there is none. */
static uint32_t first_above(const struct kept_ranges *kept, uint64_t addr)
{
	uint32_t low = 0, high = __atomic_load_n(&kept->n, __ATOMIC_RELAXED);

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (kept->range[middle].end <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool kept_ranges_meet(const struct kept_ranges *kept, struct addr_range range)
{
	uint32_t i = first_above(kept, range.start);

	return i < kept->n && i < KEPT_RANGES_MAX && kept->range[i].start < range.end;
}

void kept_ranges_clear(struct kept_ranges *kept)
{
	begin_change(kept);
	kept->n = 0;
	end_change(kept);
}

/* In place of those from @first up to @last. */
static void replace(struct kept_ranges *kept, uint32_t first, uint32_t last,
		    struct addr_range range)
{
	begin_change(kept);
	memmove(&kept->range[first + 1], &kept->range[last],
		(kept->n - last) * sizeof(kept->range[0]));
	kept->n = kept->n - (last - first) + 1;
	kept->range[first] = range;
	end_change(kept);
}

bool kept_ranges_add(struct kept_ranges *kept, struct addr_range range)
{
	uint32_t first = first_above(kept, range.start);
	uint32_t last = first;

	for (; last < kept->n && kept->range[last].start < range.end; last++) {
		if (kept->range[last].start < range.start)
			range.start = kept->range[last].start;
		if (kept->range[last].end > range.end)
			range.end = kept->range[last].end;
	}
	if (first == last && kept->n == KEPT_RANGES_MAX)
		return false;
	replace(kept, first, last, range);
	return true;
}
