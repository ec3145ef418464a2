/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_PAGE_ALLOCATOR_H
#define BASE_PAGE_ALLOCATOR_H

/*
 * page_allocator - memory for the shim, straight from mmap(2)
 *
 * Hands out power-of-two blocks from regions that are mapped as needed and
 * never given back; freed blocks are kept for the next request of their size.
 * Regions are asked for with raw system calls, so they appear in the program's
 * address space without any hook seeing it: the owner reads @regions after
 * an allocation and enters new ones in its map.
 *
 * No locks: the owner excludes others.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <memory_set/memory_set.h>

#define PAGE_ALLOCATOR_REGIONS 64
#define PAGE_ALLOCATOR_CLASSES 40

struct page_allocator {
	struct ml_allocator allocator; /* hand out &pages.allocator */
	struct addr_range regions[PAGE_ALLOCATOR_REGIONS];
	unsigned n_regions;
	bool closed;   /* map no more: only what is there is handed out */
	uint64_t next; /* free part of the newest region */
	uint64_t end;
	void *free_lists[PAGE_ALLOCATOR_CLASSES];
};

void page_allocator_init(struct page_allocator *pages);

#endif
