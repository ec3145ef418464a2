/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_VMA_RESYNC_H
#define TESTS_VMA_RESYNC_H

/*
 * resync - asks the kernel about doubts and puts the answer into the map, as the shim
 * does, in its plainest form.
 */

#include <stdbool.h>
#include "vma/vm_space.h"

enum { READBACK_MAX = 512 };

/* One answer of the kernel; enough to fold it again. */
struct readback {
	struct addr_range range;
	enum vm_reason reason;
	size_t n_areas;
	struct memory_area areas[READBACK_MAX];
};

/* How to ask. */
enum kernel_way {
	KERNEL_TEXT,
	KERNEL_QUERY,
};

/* Does this kernel have PROCMAP_QUERY? */
bool kernel_has_query(void);

/* The performer of a live space: makes the system call. */
int64_t perform_for_real(void *context, struct vm_call *call);

/* What the kernel has in @range, cut to it. Aborts when /proc can't be read. */
void readback_get(struct readback *readback, struct vm_space *space, struct addr_range range,
		  enum vm_reason reason, enum kernel_way way);

/* What is asked because of a doubt. */
void readback_doubt(struct readback *readback, struct vm_space *space, const struct vm_doubt *doubt,
		    enum kernel_way way);

/* Puts an answer into the map. Returns what vm_replace() returned. */
int readback_put(const struct readback *readback, struct vm_space *space);

#endif
