/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMA_VM_PIECES_H
#define VMA_VM_PIECES_H

/*
 * vm_pieces - all that a range holds, moved to another place (private to src/vma)
 */

#include "vma/vm_space.h"

/* Reserves memory for moving what @range holds. Return: false when memory is short. */
bool vm_pieces_reserve(struct memory_set *set, struct addr_range range);
/*
 * Copies what @from holds to @to, marked as changed by @event; the two ranges don't meet.
 *
 * Return: 0 or a negative errno.
 */
int vm_pieces_move(struct memory_set *set, struct addr_range from, uint64_t to, uint64_t event);

#endif
