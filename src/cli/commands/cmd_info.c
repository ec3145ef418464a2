/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <sys/stat.h>
#include "cli/commands/cmd_info.h"
#include "cli/commands/info_json.h"
#include "cli/commands/info_screen.h"
#include "cli/options/open_ledger.h"
#include "query/heap.h"

static uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void gather(struct info *info)
{
	struct ledger_view *view = info->view;
	const struct ledger_header *header = view->header;
	struct ledger_list children;
	char folder[PATH_MAX];
	struct stat st;

	compare_recorded(view, &info->findings);
	info->state = view_state(view);
	info->duration_ns = max_u64(ledger_reader_time_ns(view->reader, view->replay.ticks),
				    ledger_reader_time_ns(view->reader, header->last_ticks));
	if (stat(view->path, &st) == 0) {
		info->size = (uint64_t)st.st_size;
		info->disk_size = (uint64_t)st.st_blocks * 512;
	}
	info->n_areas = info->findings.with != COMPARED_NOTHING
				? info->findings.comparison.n_runs
				: canonical_count(&view->replay.space);
	ledger_children_folder(view->path, folder);
	children = ledger_list_folder(folder);
	info->n_child_ledgers = children.n;
	ledger_list_free(&children);
	info->has_parent = ledger_find_parent(view->path, header, info->parent);
}

/* ---------------------------------------------------------------- the command */

static void show(struct info *info)
{
	gather(info);
	if (info->options->common.json)
		info_print_json(info);
	else
		info_print(info);
}

static int show_view(struct ledger_view *view, const void *options)
{
	struct info *info = heap_array(1, sizeof(*info));

	info->view = view;
	info->options = options;
	show(info);
	findings_free(&info->findings);
	free(info);
	return CLI_FINE;
}

static int cmd_info(const void *given, int n_operands, char **operands)
{
	const struct info_options *options = given;

	return open_and_show(&options->common, n_operands, operands, show_view, options);
}

static const struct option_row rows[] = {
	COMMON_ROW(struct info_options, PID),  COMMON_ROW(struct info_options, BYTES),
	COMMON_ROW(struct info_options, JSON), COMMON_ROW(struct info_options, COLOR),
	COMMON_ROW(struct info_options, HELP),
};

const struct command command_info = {
	.name = "info",
	.usage = "[OPTION...] [FILE]",
	.summary = "what a ledger holds: the process, its calls, coverage, integrity",
	.details = COMMAND_DETAILS_OF_FILE "`mapledger FILE' is short for `mapledger info FILE'.\n",
	COMMAND_OPTIONS(struct info_options, rows),
	.run = cmd_info,
	.trouble = CLI_TROUBLE,
};
