/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_TOUCH_H
#define CLI_TOUCH_H

/*
 * touch - which ranges a call is about
 */

#include <stdbool.h>
#include "vma/vm_call.h"
#include "vma/vm_space.h"

#define TOUCH_MAX 2

struct touch {
	unsigned n;
	struct addr_range range[TOUCH_MAX];
};

/**
 * touch_of_call() - the whole pages that a call can have changed
 * @space: as it was before the call; for brk, shmat and shmdt
 * @finished: false: the result is not known, only the arguments are
 *
 * Fork, exec and exit touch nothing here: they begin and end whole spaces.
 */
struct touch touch_of_call(const struct vm_space *space, const struct vm_call *call, bool finished);

/* How large a segment or a ring is, is known once it is there: ask again after the fold. */
bool touch_is_late(const struct vm_call *call);

uint64_t touch_bytes(const struct touch *touch);

bool touch_overlaps(const struct touch *touch, struct addr_range range);

/* Refused, also where the kernel says so without an error number: brk. */
bool call_was_refused(const struct vm_call *call);

/*
 * The size of a new area whose place only the kernel knows: a call in flight
 * that maps without MAP_FIXED. 0: not such a call.
 */
uint64_t touch_unplaced_size(const struct vm_call *call);

#endif
