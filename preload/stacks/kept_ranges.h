/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_KEPT_RANGES_H
#define PRELOAD_KEPT_RANGES_H

/*
 * kept_ranges - which memory something was learned about
 *
 * A handful of ranges, asked at every call whether it meets one of them. All zeros is
 * empty. Callers of what changes them exclude each other, and those who ask; but
 * see kept_ranges_version().
 */

#include <stdbool.h>
#include <stdint.h>
#include <memory_set/memory_set.h>

#define KEPT_RANGES_MAX 256

/* In address order, apart from each other. */
struct kept_ranges {
	uint32_t version; /* odd while they change */
	uint32_t n;
	struct addr_range range[KEPT_RANGES_MAX];
};

/* Adds a range; those that overlap become one. Return: false when there is no place left. */
bool kept_ranges_add(struct kept_ranges *kept, struct addr_range range);
/* Forgets all ranges. */
void kept_ranges_clear(struct kept_ranges *kept);

/* Has @range a byte in common with one of them? */
bool kept_ranges_meet(const struct kept_ranges *kept, struct addr_range range);

/*
 * A number that changes with the ranges, for who asks without excluding others: what was said
 * between two equal, even versions is right.
 */
static inline uint32_t kept_ranges_version(const struct kept_ranges *kept)
{
	return __atomic_load_n(&kept->version, __ATOMIC_SEQ_CST);
}

#endif
