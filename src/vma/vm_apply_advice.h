/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMA_VM_APPLY_ADVICE_H
#define VMA_VM_APPLY_ADVICE_H

/*
 * vm_apply_advice - what madvise, mlock and mseal do to the map, though no map shows it
 */

#include "vma/vm_space.h"

struct vm_change;

/* Apply one operation each, called by vm_apply(). */
int64_t vm_change_madvise(struct vm_change *change);
int64_t vm_change_mseal(struct vm_change *change);
int64_t vm_change_mlock(struct vm_change *change);
int64_t vm_change_mlockall(struct vm_change *change);

/*
 * What madvise answers that stops in a range: -EINVAL where an area refuses the advice, -ENOMEM
 * where there is no obstacle but gaps, behind which it goes on. What process_madvise answers
 * to an array of ranges says how many bytes went well, and not why.
 */
int64_t vm_advice_error(const struct vm_space *space, struct addr_range range, uint32_t advice);

#endif
