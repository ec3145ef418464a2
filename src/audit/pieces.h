/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUDIT_PIECES_H
#define AUDIT_PIECES_H

/*
 * pieces - the runs of pages that a call touched: what each was before it, and what after
 */

#include "audit/audit_state.h"

/* Called with a run of pages, as it was before the call and is after. NULL: not mapped. */
typedef void (*piece_fn)(const struct change *change, struct addr_range range,
			 const struct memory_area *before, const struct memory_area *after,
			 void *context);

void audit_each_piece(const struct change *change, piece_fn fn, void *context);

/* Lists what lies in the event's ranges now. Return: false when memory is short. */
bool audit_list_ranges(struct area_list *list, const struct vm_space *space,
		       const struct audit_event *event);

#endif
