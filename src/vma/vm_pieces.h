/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMA_VM_PIECES_H
#define VMA_VM_PIECES_H

/*
 * vm_pieces - all that a range holds, moved to another place (private to src/vma)
 */

#include "vma/vm_space.h"

/* Memory for moving what @range holds; false: there is none. */
bool vm_pieces_reserve(struct memory_set *set, struct addr_range range);
/* What @from holds is at @to afterwards, too; the two don't meet. Return: 0 or an error. */
int vm_pieces_move(struct memory_set *set, struct addr_range from, uint64_t to, uint64_t event);

#endif
