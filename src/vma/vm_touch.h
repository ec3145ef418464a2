/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMA_VM_TOUCH_H
#define VMA_VM_TOUCH_H

/*
 * vm_touch - the pages that a screen names for a call
 *
 * Unlike vm_call_ranges(), which says all that may have changed, this is empty where the
 * place is not known.
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

/* Is the size of what the call makes (shmat, io_setup) known only when the call has been applied?
 */
bool touch_is_late(const struct vm_call *call);

/* The size of all ranges, in bytes. */
uint64_t touch_bytes(const struct touch *touch);

/* Have the touched ranges a page in common with @range? */
bool touch_overlaps(const struct touch *touch, struct addr_range range);

/* Did the kernel refuse the call? brk is refused without an error number: it returns the old break.
 */
bool call_was_refused(const struct vm_call *call);

/*
 * The size of a new area whose place only the kernel knows: a call in flight
 * that maps without MAP_FIXED. 0: not such a call.
 */
uint64_t touch_unplaced_size(const struct vm_call *call);

#endif
