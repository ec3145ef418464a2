/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The set itself: making one, its memory, and looking things up in it.
 * What changes a set is in change.c.
 */

#include <errno.h>

#include "memory_set_private.h"

/* A build without libc leaves allocator_malloc.c out, and says so. */
#ifdef MEMORY_SET_NO_MALLOC
#define DEFAULT_ALLOCATOR NULL
#else
#define DEFAULT_ALLOCATOR (&ml_allocator_malloc)
#endif

static bool options_make_sense(const struct memory_set_options *options)
{
	if (options->page_size & (options->page_size - 1))
		return false;
	if (options->dispatch == MEMORY_SET_PER_AREA)
		return !options->backend;
	return options->dispatch == MEMORY_SET_PER_REQUEST;
}

static void begin(struct memory_set *set, const struct memory_set_options *options,
		  const struct ml_allocator *allocator)
{
	set->page_mask = (options->page_size ? options->page_size : 4096) - 1;
	set->dispatch = options->dispatch;
	set->merge = options->merge;
	set->auto_reserve = options->auto_reserve;
	set->backend = options->backend;
	area_tree_init(&set->tree, allocator);
}

int memory_set_try_create(const struct memory_set_options *options, struct memory_set **set)
{
	static const struct memory_set_options defaults = { .auto_reserve = true };
	const struct ml_allocator *allocator;

	*set = NULL;
	if (!options)
		options = &defaults;
	allocator = options->allocator ? options->allocator : DEFAULT_ALLOCATOR;
	if (!allocator || !options_make_sense(options))
		return -EINVAL;
	*set = allocator->alloc(allocator->context, sizeof(**set));
	if (!*set)
		return -ENOMEM;
	begin(*set, options, allocator);
	return 0;
}

struct memory_set *memory_set_create(const struct memory_set_options *options)
{
	struct memory_set *set;

	memory_set_try_create(options, &set);
	return set;
}

void memory_set_destroy(struct memory_set *set)
{
	struct ml_allocator allocator;

	if (!set)
		return;
	allocator = set->tree.allocator;
	area_tree_finish(&set->tree);
	allocator.free(allocator.context, set, sizeof(*set));
}

int memory_set_reserve(struct memory_set *set, size_t n_areas)
{
	if (area_tree_has_room(&set->tree, n_areas))
		return 0;
	return area_tree_reserve(&set->tree, n_areas);
}

size_t memory_set_memory(const struct memory_set *set)
{
	return sizeof(*set) + set->tree.bytes;
}

/* ----------------------------------------------------------------- looking */

const struct memory_area *memory_set_find(const struct memory_set *set, uint64_t addr)
{
	const struct leaf *leaf = area_tree_leaf(&set->tree, addr);
	uint32_t i = leaf_find(leaf, searchable(addr));

	if (i >= leaf->n || leaf->areas[i].range.start > addr || addr == NO_KEY)
		return NULL;
	return &leaf->areas[i];
}

const struct memory_area *memory_set_find_from(const struct memory_set *set, uint64_t addr)
{
	const struct leaf *leaf = area_tree_leaf(&set->tree, addr);
	uint32_t i = leaf_find(leaf, searchable(addr));

	return i < leaf->n && addr < NO_KEY ? &leaf->areas[i] : NULL;
}

bool memory_set_overlaps(const struct memory_set *set, struct addr_range range)
{
	const struct memory_area *area = memory_set_find_from(set, range.start);

	return range.start < range.end && area && area->range.start < range.end;
}

size_t memory_set_count(const struct memory_set *set)
{
	return set->tree.n_areas;
}

static const char *check_area(const struct memory_set *set, const struct memory_area *before,
			      const struct memory_area *area)
{
	if ((area->range.start | area->range.end) & set->page_mask)
		return "areas are page aligned";
	if (!area->backend && set->dispatch == MEMORY_SET_PER_AREA)
		return "each area has a backend";
	if (set->merge && before && memory_area_can_merge(before, area))
		return "equal neighbours are one area";
	return NULL;
}

const char *memory_set_check(const struct memory_set *set)
{
	struct memory_set_iter iter = memory_set_iter_from_start(set, MEMORY_SET_ALL);
	const char *wrong = area_tree_check(&set->tree);
	const struct memory_area *before = NULL;
	const struct memory_area *area;

	while (!wrong && (area = memory_set_iter_next(&iter))) {
		wrong = check_area(set, before, area);
		before = area;
	}
	return wrong;
}
