/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMA_VM_APPLY_MREMAP_H
#define VMA_VM_APPLY_MREMAP_H

/*
 * vm_apply_mremap - what mremap does to the map (private to src/vma)
 */

#include <stdint.h>

struct vm_change;

int64_t vm_change_mremap(struct vm_change *change);

#endif
