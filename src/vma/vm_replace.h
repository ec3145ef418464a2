/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMA_VM_REPLACE_H
#define VMA_VM_REPLACE_H

/*
 * vm_replace - what the kernel says about a range enters the map
 */

#include "vma/vm_space.h"

/**
 * vm_replace() - what the kernel said about a range enters the map
 * @areas: sorted, inside @range, with objects of @space
 *
 * Where an area agrees with what was there in everything visible, the old
 * origin, tags and hidden attributes are kept, and only pieces that differ are
 * taken as new. @source (VM_BASELINE, VM_RESYNCED or VM_OBSERVED) is put on those.
 * VM_OBSERVED means that a call has just mapped this and only its identity was not
 * known: what is new then keeps the origin that vm_apply() gave the mapping.
 * With VM_GROWSDOWN in @source, plain memory where nothing was is a stack that has grown.
 *
 * The outcome depends on nothing but the space and the arguments, so that live and
 * replayed maps are equal. Ends of @range that are not page aligned are moved inwards.
 *
 * Return: 0, -EINVAL or -ENOBUFS.
 */
int vm_replace(struct vm_space *space, struct addr_range range, const struct memory_area *areas,
	       size_t n_areas, uint64_t source);

#endif
