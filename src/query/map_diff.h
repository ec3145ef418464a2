/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QUERY_MAP_DIFF_H
#define QUERY_MAP_DIFF_H

/*
 * map_diff - two maps side by side
 *
 * By address: every page that is mapped in one of them only, or looks different. By
 * relation, for two runs whose addresses mean nothing to each other: areas are paired
 * by what they show or who made them, in their order.
 *
 * mapledger's own memory is left out.
 */

#include "query/ledger_view.h"

/*
 * One of the two maps.
 *
 * @space: says what the areas' objects are
 * @keys:  with map_diff_by_key(): one string per area
 */
struct diff_side {
	const struct vm_space *space;
	struct memory_area *areas;
	char **keys;
	size_t n;
};

/* Take the areas of a folded map, but for mapledger's own. @space must outlive the side. */
void diff_side_take(struct diff_side *side, const struct vm_space *space);
/* Free the areas and their keys; all zeros has none. */
void diff_side_free(struct diff_side *side);

/* Is an area mapledger's: its memory, or the shim's own file? */
bool diff_is_mapledgers(const struct vm_space *space, const struct memory_area *area);

enum map_change_kind {
	CHANGE_ADDED,
	CHANGE_REMOVED,
	CHANGE_ALTERED,	 /* other permissions, sharing, file, offset; by key: or size */
	CHANGE_REPLACED, /* looks the same, and is another mapping */
};

/*
 * @range:  of CHANGE_REMOVED in the first map, else in the second
 * @before, @after: the areas that it is a part of, where there are any
 * @event:  set by others: who made it so; 0: not known
 */
struct map_change {
	enum map_change_kind kind;
	struct addr_range range;
	struct memory_area before;
	struct memory_area after;
	uint64_t event;
};

/* In address order. @n_equal: areas of the second map without a change. */
struct map_diff {
	struct map_change *changes;
	size_t n;
	size_t capacity;
	uint64_t n_equal;
};
/* Free the changes; all zeros has none. */
void map_diff_free(struct map_diff *diff);

enum diff_origins {
	DIFF_IGNORE_ORIGINS, /* two ledgers: event numbers mean nothing to each other */
	DIFF_COMPARE_ORIGINS,
};

/* Compare page by page. @diff is all zeros before, and must be freed. */
void map_diff_by_address(struct map_diff *diff, const struct diff_side *a,
			 const struct diff_side *b, enum diff_origins origins);

/* Compare areas of equal keys, in their order. @diff is all zeros before, and must be freed. */
void map_diff_by_key(struct map_diff *diff, const struct diff_side *a, const struct diff_side *b);

#endif
