/* SPDX-License-Identifier: Apache-2.0 */
#include "map/map.h"
#include "base/sys.h"

struct map map;

int map_init(vm_perform_fn perform, void *context)
{
	page_allocator_init(&map.pages);
	return vm_space_init(&map.space, &map.pages.allocator, perform, context);
}

/*
 * The memory of sets that were given up. Whoever was changing one is gone, as far
 * as can be told; in case it is not, a set stays for some generations more.
 */
#define GENERATIONS	   8
#define GENERATION_REGIONS 8

static struct addr_range given_up[GENERATIONS][GENERATION_REGIONS];
static unsigned generation;

static void give_up_pages(void)
{
	struct addr_range *regions = given_up[generation++ % GENERATIONS];

	for (unsigned i = 0; i < GENERATION_REGIONS; i++) {
		if (regions[i].end > regions[i].start)
			sys_munmap(regions[i].start, regions[i].end - regions[i].start);
		regions[i] = i < map.pages.n_regions ? map.pages.regions[i]
						     : (struct addr_range){ 0, 0 };
	}
	page_allocator_init(&map.pages);
}

/* Walking a torn set is not safe, and neither are the lists of its allocator. */
int map_begin_anew(void)
{
	struct vm_space old = map.space;
	int error;

	give_up_pages();
	error = vm_space_init(&map.space, &map.pages.allocator, old.backend.perform,
			      old.backend.context);
	map.space.start_brk = old.start_brk;
	map.space.start_stack = old.start_stack;
	map.space.brk = old.brk;
	map.space.personality = old.personality;
	map.space.exec_is_unsure = old.exec_is_unsure;
	map.space.new_flags = old.new_flags;
	return error;
}
