/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMA_VM_AFTERMATH_H
#define VMA_VM_AFTERMATH_H

/*
 * vm_aftermath - what mremap has done to attributes that no map shows (private to src/vma)
 */

#include "vma/vm_space.h"

/*
 * For vm_replace(), about an answer to a doubt. In @gap there is nothing, and
 * what was there is still in the set; @area is one of the kernel's, and in the set. That was
 * the answer about @range: what is gone later has not been moved.
 */
void vm_aftermath_gap(struct vm_space *space, struct addr_range gap);
void vm_aftermath_area(struct vm_space *space, struct addr_range area);
void vm_aftermath_answered(struct vm_space *space, struct addr_range range);

#endif
