/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMA_VM_APPLY_PROCESS_H
#define VMA_VM_APPLY_PROCESS_H

/*
 * vm_apply_process - what io_setup, prctl, personality and their like do to the map (private to
 * src/vma)
 */

#include <stdint.h>

struct vm_change;

int64_t vm_change_io_setup(struct vm_change *change);
int64_t vm_change_io_destroy(struct vm_change *change);
int64_t vm_change_prctl(struct vm_change *change);
int64_t vm_change_arch_prctl(struct vm_change *change);
int64_t vm_change_personality(struct vm_change *change);
int64_t vm_change_map_shadow_stack(struct vm_change *change);

#endif
