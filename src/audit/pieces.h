/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUDIT_PIECES_H
#define AUDIT_PIECES_H

/*
 * pieces - what a call touched, run by run of pages: what each was, and what it became
 */

#include "audit/audit_state.h"

/* A run of pages: what it was, and what it is. NULL: not mapped. */
typedef void (*piece_fn)(const struct change *change, struct addr_range range,
			 const struct memory_area *before, const struct memory_area *after,
			 void *context);

void audit_each_piece(const struct change *change, piece_fn fn, void *context);

/* Lists what lies in the event's ranges now. Return: false when memory is short. */
bool audit_list_ranges(struct area_list *list, const struct vm_space *space,
		       const struct audit_event *event);

#endif
