/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MEMORY_SET_PRIVATE_H
#define MEMORY_SET_PRIVATE_H

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

#endif
