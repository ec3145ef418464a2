/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_PLACE_H
#define CLI_PLACE_H

/*
 * place - where in the address space a place lies, in this ledger
 *
 * Names are looked up in the map that the view is folded to. What is not there at
 * that moment, but was at another, is found as well: every place where it ever
 * was counts then.
 */

#include "query/ledger_view.h"

/*
 * Whole pages, in address order, not touching each other.
 *
 * @point: the very address, when one was meant; 0: none
 */
struct place_ranges {
	uint64_t point;
	struct addr_range *ranges;
	size_t n;
	size_t capacity;
};

/**
 * place_find() - the ranges of a place
 * @ranges: empty for PLACE_EVERYWHERE
 *
 * The view must be folded to a moment; it is so again afterwards.
 *
 * Return: false after a complaint, also when nothing is found.
 */
bool place_find(struct ledger_view *view, struct moment moment, const struct place *place,
		struct place_ranges *ranges);
void place_ranges_free(struct place_ranges *ranges);

/* No ranges overlap everything. */
bool place_overlaps(const struct place_ranges *ranges, struct addr_range range);

#endif
