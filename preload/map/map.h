/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_MAP_H
#define PRELOAD_MAP_H

/*
 * map - the areas of this process as the recorder knows them, and the memory they lie in
 *
 * There is one struct map. It is touched only by the thread that holds the recorder's lock, or
 * before main().
 */

#include <stdbool.h>
#include "base/page_allocator.h"
#include "vma/vm_space.h"

/*
 * @pages:           where the set's memory comes from
 * @n_regions_known: of @pages: so many of its regions are in the set themselves
 * @unread:          something should have been asked from the kernel, and could not be
 * @break_is_unsure: the break may have been moved by a call that is not recorded, or not in
 *                   its place
 * @break_is_untold: the ledger may know another break than @space: whoever moved it was left
 *                   before the record was complete
 */
struct map {
	struct page_allocator pages;
	struct vm_space space;
	unsigned n_regions_known;
	bool unread;
	bool break_is_unsure;
	bool break_is_untold;
};

extern struct map map __attribute__((visibility("hidden")));

/* Makes an empty set whose calls are made by @perform. Return: 0 or -errno. */
int map_init(vm_perform_fn perform, void *context);

/*
 * Puts an empty set, with memory of its own, in place of one that can't be trusted. The
 * performer and the process's limits stay. Return: 0 or -errno.
 */
int map_begin_anew(void);

#endif
