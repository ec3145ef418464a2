/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMA_VM_STACK_GAPS_H
#define VMA_VM_STACK_GAPS_H

/*
 * vm_stack_gaps - gaps below stacks that a call touches
 */

#include "vma/vm_reach.h"

/*
 * Gaps below stacks that a call touches: before it is made. What grew there must be
 * asked about after it.
 *
 * Return: how many of @gaps are set.
 */
#define VM_STACK_GAPS_MAX                                                                          \
	(2 * VM_EDGE_RANGES_MAX) /* one at the start of each range, and one at its end */
unsigned vm_stack_gaps(const struct vm_space *space, const struct vm_call *call,
		       struct addr_range gaps[VM_STACK_GAPS_MAX]);

#endif
