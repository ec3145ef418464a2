/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MEMORY_SET_PRIVATE_H
#define MEMORY_SET_PRIVATE_H

/*
 * memory_set_private - the inside of a set, shared by the files of the library
 */

#include <memory_set/memory_set.h>

#include "area_tree.h"

struct memory_set {
	uint64_t page_mask; /* page size - 1 */
	enum memory_set_dispatch dispatch;
	bool merge;
	bool auto_reserve;
	struct mapping_backend *backend;
	struct area_tree tree;
};

static inline bool memory_area_can_merge(const struct memory_area *left,
					 const struct memory_area *right)
{
	return left->range.end == right->range.start && left->flags == right->flags &&
	       left->backend == right->backend && left->origin == right->origin &&
	       left->tag[0] == right->tag[0] && left->tag[1] == right->tag[1] &&
	       memory_area_offset_at(left, left->range.end) == right->offset &&
	       (left->offset == MEMORY_AREA_NO_OFFSET) == (right->offset == MEMORY_AREA_NO_OFFSET);
}

#endif
