/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands/map_json.h"
#include "cli/text/area_text.h"
#include "cli/text/stack_text.h"

static void json_stack_of(struct json *json, const struct map *map, const char *key, uint64_t event)
{
	const struct named_stack *stack = stack_of_event(map->stacks, map->n_stacks, event);

	if (stack != NULL && stack->n > 0)
		stack_json(json, key, stack);
}

static void print_json_areas(struct json *json, const struct map *map)
{
	const struct ledger_view *view = map->view;
	struct memory_set_iter iter =
		memory_set_iter_from_start(view->replay.space.set, MEMORY_SET_ALL);
	const struct memory_area *area;

	json_array(json, "areas");
	while ((area = memory_set_iter_next(&iter)) != NULL) {
		if (!filter_area(&map->filter, area))
			continue;
		json_object(json, NULL);
		area_json(json, &view->replay.space, area);
		json_stack_of(json, map, "mapped_by_stack", area->origin);
		json_stack_of(json, map, "changed_by_stack", area->tag[VM_TAG_CHANGED]);
		json_end_object(json);
	}
	json_end_array(json);
}

void map_print_json(const struct map *map)
{
	const struct ledger_view *view = map->view;
	struct map_sums sums = map_sum_up(map);
	struct json *json = json_create();

	json_object(json, NULL);
	json_string(json, "ledger", view->name);
	json_unsigned(json, "pid", view->header->pid);
	json_unsigned(json, "event", view->replay.event);
	json_unsigned(json, "time_ns", ledger_reader_time_ns(view->reader, view->replay.ticks));
	json_unsigned(json, "n_areas", sums.n_areas);
	json_unsigned(json, "mapped_bytes", sums.mapped);
	json_unsigned(json, "n_rwx", sums.n_rwx);
	json_unsigned(json, "n_guards", sums.n_guards);
	print_json_areas(json, map);
	json_end_object(json);
	json_destroy(json);
}
