/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_PARTS_H
#define PRELOAD_PARTS_H

/*
 * parts - calls whose arguments lie in the program's memory
 *
 * What process_madvise and prctl(PR_SET_MM_MAP) did can't be told from the words
 * they were called with. Their records are followed by others, marked with
 * VM_CALL_PART, that say it in calls of one range or value each:
 *
 *     process_madvise(3, 0x7ffe..., 2, MADV_DONTFORK, 0) = 8192
 *     madvise(0x7f00..., 4096, MADV_DONTFORK) = 0         part
 *     madvise(0x7f10..., 4096, MADV_DONTFORK) = 0         part
 */

#include <stdbool.h>
#include "vma/vm_call.h"

/* Is @call one that is followed by records of its parts? */
static inline bool parts_has(const struct vm_call *call)
{
	return call->op == VM_OP_PROCESS_MADVISE || call->op == VM_OP_PRCTL;
}

/* Records the parts of @call, which was recorded just before. With the lock held. */
void parts_record(const struct vm_call *call);

#endif
