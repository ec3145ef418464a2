/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands/map.h"
#include "cli/text/area_text.h"

struct map_sums map_sum_up(const struct map *map)
{
	const struct vm_space *space = &map->view->replay.space;
	struct memory_set_iter iter = memory_set_iter_from_start(space->set, MEMORY_SET_ALL);
	const struct memory_area *area;
	struct map_sums sums = { 0 };

	while ((area = memory_set_iter_next(&iter)) != NULL) {
		if (!filter_area(&map->filter, area))
			continue;
		sums.n_areas++;
		sums.mapped += area->range.end - area->range.start;
		sums.n_rwx += area_is_rwx(area->flags);
		sums.n_guards += area_kind(space, area) == AREA_GUARD;
	}
	return sums;
}
