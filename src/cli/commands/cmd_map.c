/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include "cli/commands/cmd_map.h"
#include "cli/commands/map_json.h"
#include "cli/commands/map_screen.h"
#include "cli/options/open_ledger.h"
#include "cli/text/view_text.h"
#include "query/heap.h"

/* ------------------------------------------------------------- the other forms */

static void print(const struct map *map)
{
	if (map->options->common.json)
		map_print_json(map);
	else if (map->options->format == MAP_MAPS)
		map_print_maps(map);
	else
		map_print_table(map);
}

/* -------------------------------------------------------------------------- names */

static void want(struct map *map, uint64_t event)
{
	if (event != 0)
		map->stacks[map->n_stacks++].event = event;
}

/* Of the areas that are shown: who mapped them, when they have no other name, and changed them. */
static void collect_events(struct map *map)
{
	const struct vm_space *space = &map->view->replay.space;
	struct memory_set_iter iter = memory_set_iter_from_start(space->set, MEMORY_SET_ALL);
	const struct memory_area *area;

	map->stacks = heap_array(2 * memory_set_count(space->set), sizeof(*map->stacks));
	while ((area = memory_set_iter_next(&iter)) != NULL) {
		if (!filter_area(&map->filter, area))
			continue;
		if (area->tag[VM_TAG_OBJECT] == 0 || map->options->common.json)
			want(map, area->origin);
		want(map, area->tag[VM_TAG_CHANGED]);
	}
}

/* A second fold, past the calls that made the map, and to the same moment again. */
static void name_stacks(struct map *map, struct settled_moment at)
{
	if (map->view->replay.counts.n_stacked == 0 || map->options->format == MAP_MAPS)
		return;
	collect_events(map);
	if (map->n_stacks == 0)
		return;
	stacks_of_events(map->view, stack_names(map->view), map->stacks, &map->n_stacks, at);
	view_fold(map->view, at);
}

/* -------------------------------------------------------------------- the command */

static bool prepare(struct map *map)
{
	const struct map_options *options = map->options;
	struct ledger_view *view = map->view;
	struct live_notes notes;
	struct settled_moment at;

	if (!moment_settle(view, options->common.at, &at) ||
	    !filter_prepare(&map->filter, view, &options->filter, at, NULL))
		return false;
	view_fold(view, at);
	name_stacks(map, at);
	if (options->common.pid == 0 || options->common.at.kind != MOMENT_END)
		return true;
	if (!live_fold(view, options->common.pid, &notes))
		return false;
	live_say_notes(&notes);
	return true;
}

static int show(struct ledger_view *view, const void *given)
{
	const struct map_options *options = given;
	struct map map = { .view = view, .options = options };
	int code = CLI_TROUBLE;

	if (prepare(&map)) {
		view_say_damage(view);
		print(&map);
		code = CLI_FINE;
	}
	filter_finish(&map.filter);
	stacks_forget(map.stacks, map.n_stacks);
	free(map.stacks);
	return code;
}

static int cmd_map(const void *given, int n_operands, char **operands)
{
	const struct map_options *options = given;
	return open_and_show(&options->common, n_operands, operands, show, options);
}

static const struct option_row rows[] = {
	COMMON_ROW(struct map_options, PID),
	COMMON_ROW(struct map_options, AT),
	FILTER_ROW(struct map_options, RANGE),
	FILTER_ROW(struct map_options, WRITABLE),
	FILTER_ROW(struct map_options, EXECUTABLE),
	FILTER_ROW(struct map_options, KIND),
	FILTER_ROW(struct map_options, SIZE),
	FILTER_ROW(struct map_options, MODULE_OF_AREAS),
	{ "format", 0, "table|maps", "a table, or lines as in /proc/PID/maps (default table)",
	  OPTION_WORD(struct map_options, format, enum map_format),
	  .wrong = "is not a format of map; use table or maps" },
	{ "gaps", 0, NULL, "show what is not mapped, too", OPTION_FLAG(struct map_options, gaps) },
	{ "long", 'l', NULL, "offset, file, flags and the source of each area, too",
	  OPTION_FLAG(struct map_options, long_rows) },
	COMMON_ROW(struct map_options, SYSROOT),
	COMMON_ROW(struct map_options, BYTES),
	COMMON_ROW(struct map_options, JSON),
	COMMON_ROW(struct map_options, COLOR),
	COMMON_ROW(struct map_options, HELP),
};

const struct command command_map = {
	.name = "map",
	.usage = "[OPTION...] [FILE]",
	.summary = "the map of the address space at any moment",
	.details = COMMAND_DETAILS_OF_FILE
	"\n"
	"SINCE is the event that mapped an area; `start' when it was there before the first.\n"
	"LAST CHANGE is the call that last changed it. Numbers are those of mapledger log.\n"
	"A guard has no access and at most 1M; larger areas without access are `reserve'.\n",
	COMMAND_OPTIONS(struct map_options, rows),
	.run = cmd_map,
	.trouble = CLI_TROUBLE,
};
