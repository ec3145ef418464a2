/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMA_VM_APPLY_RANGE_H
#define VMA_VM_APPLY_RANGE_H

/*
 * vm_apply_range - what munmap, mprotect and pkey_mprotect do to the map (private to src/vma)
 */

#include <stdint.h>

struct vm_change;

int64_t vm_change_munmap(struct vm_change *change);
int64_t vm_change_mprotect(struct vm_change *change);

#endif
