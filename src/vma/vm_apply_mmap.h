/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMA_VM_APPLY_MMAP_H
#define VMA_VM_APPLY_MMAP_H

/*
 * vm_apply_mmap - what mmap does to the map (private to src/vma)
 */

#include <stdint.h>

struct vm_change;

int64_t vm_change_mmap(struct vm_change *change);

#endif
