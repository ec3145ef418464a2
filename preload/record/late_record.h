/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_LATE_RECORD_H
#define PRELOAD_LATE_RECORD_H

/*
 * late_record - calls that were made before they are recorded
 *
 * Their place in the order is not known, so the ranges that they may have changed are read
 * back from the kernel. All with the recorder's lock held.
 */

#include "unwind/unwind.h"
#include "vma/vm_call.h"

/* Records @call, which was made without the lock (threads/late.h), and settles its doubts. */
void late_record_call(struct vm_call *call, const struct unwind_trace *trace);

/*
 * Asks for the break, which may be another than we think, and records what is new about it, as
 * a part (VM_CALL_PART). Right before the program's own call about it: the kernel may hold
 * the map's lock till then.
 */
void late_record_ask_break(void);

#endif
