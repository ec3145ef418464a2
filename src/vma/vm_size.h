/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMA_VM_SIZE_H
#define VMA_VM_SIZE_H

/*
 * vm_size - how many bytes a call means: rounded, of huge pages, of a ring, down to a stack's start
 */

#include "vma/vm_space.h"

/* The pages of [addr, addr + len) as munmap and mprotect see them; empty when they refuse it. */
struct addr_range vm_pages(uint64_t addr, uint64_t len);

static inline bool vm_range_is_empty(struct addr_range range)
{
	return range.start >= range.end;
}

/* The size of what mmap makes, rounded up to (huge) pages; 0 when it makes nothing. */
uint64_t vm_mmap_size(const struct vm_call *call);

/* log2 of the size of a huge page that the map_flags ask for, or 0. */
unsigned vm_mmap_huge_shift(uint64_t map_flags);

/* Where PROT_GROWSDOWN may start: below all that may be one stack with @addr. */
uint64_t vm_stack_start(const struct memory_set *set, uint64_t addr);

/* The size that the ring at @addr (io_setup) had when it was made; 0: not known. */
uint64_t vm_ring_size(const struct vm_space *space, uint64_t addr);
/* The size of the largest ring that was ever seen: for a place where several may be. */
uint64_t vm_largest_ring(const struct vm_objects *objects);

#endif
