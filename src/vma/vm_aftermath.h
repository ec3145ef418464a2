/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMA_VM_AFTERMATH_H
#define VMA_VM_AFTERMATH_H

/*
 * vm_aftermath - what mremap has done to attributes that no map shows (private to src/vma)
 */

#include "vma/vm_space.h"

/*
 * Learn from what the kernel answered about a range in doubt; called by vm_replace(). Nothing is
 * mapped in @gap, and what was there is still in the set; @area is mapped, and in the set. That
 * was the whole answer about @range: what is gone later has not been moved.
 */
void vm_aftermath_gap(struct vm_space *space, struct addr_range gap);
void vm_aftermath_area(struct vm_space *space, struct addr_range area);
void vm_aftermath_answered(struct vm_space *space, struct addr_range range);

#endif
