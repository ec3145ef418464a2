/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_OWN_MEMORY_H
#define PRELOAD_OWN_MEMORY_H

/*
 * own_memory - the shim's own mappings are in the map, too, marked as ours
 *
 *     the allocator's regions     plain memory, which the set itself lies in
 *     the ledger's windows        a shared mapping of the file, which moves
 *     the fork mark               one page
 *     code                        pages of stubs, and reservations
 *
 * Each enters the set and the ledger when it is made. Whoever reads the map anew marks them all
 * again. All with the recorder's lock held, or before main().
 */

#include <stdbool.h>
#include <memory_set/memory_set.h>
#include "map/map.h"

/*
 * Reserves @range, without access and without memory, where nothing is: others may have been
 * quicker. The map does not know of it yet. Return: false when it could not be had.
 */
bool own_memory_reserve(struct addr_range range);

/* An area that the shim has mapped for itself enters the map. */
void own_memory_enter(const struct memory_area *area);

/* A range that the shim has unmapped leaves the map. */
void own_memory_leave(struct addr_range range);

/* A page of code that the shim has mapped for good enters the map, and will be marked. */
#define OWN_MEMORY_CODE_MAX 32
void own_memory_register_code(struct addr_range range);

/* Marks everything that is the shim's own, in a map that was read from the kernel. */
void own_memory_mark(void);

/* New regions of the allocator, and a window that has moved, enter the map. */
void own_memory_update(void);

/* Has the allocator regions that are not in the map yet? */
static inline bool own_memory_has_grown(void)
{
	return map.pages.n_regions != map.n_regions_known;
}

#endif
