/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMA_VM_APPLY_SHM_H
#define VMA_VM_APPLY_SHM_H

/*
 * vm_apply_shm - what shmat and shmdt do to the map (private to src/vma)
 */

#include <stdint.h>

struct vm_change;

int64_t vm_change_shmat(struct vm_change *change);
int64_t vm_change_shmdt(struct vm_change *change);

#endif
