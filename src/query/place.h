/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QUERY_PLACE_H
#define QUERY_PLACE_H

/*
 * place - where in the address space a place lies, in this ledger
 *
 * Names are looked up in the map of a moment. What is not there at
 * that moment, but was at another, is found as well: every place where it ever
 * was counts then.
 */

#include "query/moment.h"

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
 * @moment: names mean what they meant then
 * @ranges: overwritten; empty for PLACE_EVERYWHERE, and when nothing is found
 *
 * May move the fold: only a place that needs the map is looked for there. Return: false,
 * with view->problem: there is no such place.
 */
bool place_find(struct ledger_view *view, struct settled_moment moment, const struct place *place,
		struct place_ranges *ranges);
/* Free the ranges; all zeros has none. */
void place_ranges_free(struct place_ranges *ranges);

/* Does a range share a page with a place? Everything does with one that has no ranges. */
bool place_overlaps(const struct place_ranges *ranges, struct addr_range range);

#endif
