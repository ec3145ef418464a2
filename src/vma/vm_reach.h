/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMA_VM_REACH_H
#define VMA_VM_REACH_H

/*
 * vm_reach - which pages a call is about
 */

#include "vma/vm_space.h"

/*
 * vm_ranges_to_know() - where a call does what no answer tells afterwards
 *
 * mremap takes along what a stack has grown to, and at the new place nothing tells it from
 * what was there, nor that it was a stack's; and what it lands on there it may leave in part.
 * Advice, locks and seals show in no map at all. So the gaps below stacks in these ranges are
 * read back before the call is applied.
 *
 * Return: how many of @ranges are set: 0 to 2.
 */
unsigned vm_ranges_to_know(const struct vm_call *call, struct addr_range ranges[2]);

/*
 * vm_call_ranges() - what a call may have changed, or may be changing
 * @finished: false: it is under way, and its result is not known
 *
 * For calls whose place in the order is not known, and for telling what one in
 * flight explains. Page aligned; everything when it could be anywhere.
 *
 * Return: how many of @ranges are set: 0 to 2.
 */
unsigned vm_call_ranges(const struct vm_space *space, const struct vm_call *call, bool finished,
			struct addr_range ranges[2]);

#endif
