/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMA_VM_EDGE_H
#define VMA_VM_EDGE_H

/*
 * vm_edge - where areas end: gaps, and the lower edges of stacks
 */

#include "vma/vm_space.h"

/* Is all of @range mapped? */
bool vm_is_mapped(const struct memory_set *set, struct addr_range range);

/* Return: the end of the nearest area below @addr; 0: there is none. */
uint64_t vm_end_below(const struct memory_set *set, uint64_t addr);

/*
 * The lower edge of a stack (VM_GROWSDOWN) is elastic: the kernel moves it down on a page
 * fault, by no call, into the gap below. Whoever asks about a range that such a gap is in
 * reads the gap back first (VM_REASON_STACK); vm_apply() does so where a call touched one.
 *
 * vm_edge_next() - the next gap below a stack that @rest has a part of
 * @rest: its start moves on
 */
bool vm_edge_next(const struct memory_set *set, struct addr_range *rest, struct addr_range *gap);

#endif
