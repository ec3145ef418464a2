/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QUERY_EFFECT_H
#define QUERY_EFFECT_H

/*
 * effect - what a call did, seen by looking at the map before and after
 *
 * Only the touched ranges are looked at.
 */

#include <stddef.h>
#include "base/text.h"
#include "vma/vm_touch.h"

/* A run of pages that look the same: visible flags, hidden marks and object. */
struct effect_piece {
	struct addr_range range;
	uint64_t flags;
	uint64_t object;
};

struct effect_pieces {
	struct effect_piece *pieces;
	size_t n;
	size_t capacity;
};

/* The array, not the struct; all zeros is a valid empty list. */
void effect_pieces_free(struct effect_pieces *pieces);

/* What lies in the touched ranges now. @pieces is overwritten. */
void effect_look(struct effect_pieces *pieces, const struct vm_space *space,
		 const struct touch *touch);

/* The part of @from in @range. @pieces is overwritten. */
void effect_clip(const struct effect_pieces *from, struct addr_range range,
		 struct effect_pieces *pieces);

/* How many bytes differ between two looks at the same ranges. */
uint64_t effect_changed_bytes(const struct effect_pieces *before, const struct effect_pieces *after,
			      const struct touch *touch);

/* Have pages got all of @perm that did not have all of it before? */
bool effect_gained(const struct effect_pieces *before, const struct effect_pieces *after,
		   const struct touch *touch, uint64_t perm);

/* One word for what lies there: "rw-p", "----", "r--p+rw-p", "mixed". */
void effect_perms(const struct effect_pieces *pieces, const struct touch *touch, struct text *text);

#endif
