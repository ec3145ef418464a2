/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <unistd.h>
#include "cli/commands/cmd_diff.h"
#include "cli/commands/diff_json.h"
#include "cli/commands/diff_names.h"
#include "cli/commands/diff_screen.h"
#include "cli/options/open_ledger.h"
#include "cli/text/output.h"
#include "cli/text/view_text.h"
#include "query/heap.h"

/* ---------------------------------------------------------------------- the subjects */

/* @symbolizer: of the first view, which the second one borrows; NULL: its own */
static bool open_subject(struct diff_subject *subject, const struct diff_options *options,
			 struct symbolizer *symbolizer)
{
	if (!open_view(&subject->view, subject->found.path, subject->found.name))
		return false;
	subject->view.symbolizer = symbolizer;
	subject->is_open = true;
	subject->view.sysroot = options->common.sysroot;
	if (!moment_settle(&subject->view, subject->moment, &subject->settled)) {
		open_say_problems(&subject->view);
		return false;
	}
	view_fold(&subject->view, subject->settled);
	return true;
}

static void add_piece(struct diff_side *side, const struct memory_area *area,
		      struct addr_range range)
{
	if (range.start >= range.end)
		return;
	side->areas = heap_resize(side->areas, side->n + 1, sizeof(*area));
	side->areas[side->n] = *area;
	memory_area_clip(&side->areas[side->n++], range);
}

/*
 * What mapledger has in the process by now is known from the end of the ledger. The kernel
 * makes one of it and the program's memory beside it.
 */
static void add_without_own(struct diff_side *side, const struct vm_space *space,
			    const struct memory_area *area)
{
	struct memory_set_iter iter = memory_set_iter_from_start(space->set, area->range);
	struct addr_range rest = area->range;
	const struct memory_area *ours;

	if (diff_is_mapledgers(space, area))
		return;
	while ((ours = memory_set_iter_next(&iter)) != NULL) {
		if (!(ours->flags & VM_OWN))
			continue;
		add_piece(side, area, (struct addr_range){ rest.start, ours->range.start });
		rest.start = ours->range.end;
	}
	add_piece(side, area, rest);
}

/* Both are views of the ledger of one process. */
static bool await_baseline(struct diff_pair *pair)
{
	pid_t pid = pair->options->common.pid;

	if (!live_await_baseline(&pair->a.view, pid)) {
		open_say_problems(&pair->a.view);
		return false;
	}
	if (live_await_baseline(&pair->b.view, pid))
		return true;
	open_say_problems(&pair->b.view);
	return false;
}

static bool take_process(struct diff_pair *pair)
{
	struct diff_subject *b = &pair->b;
	struct vm_space *space = &b->view.replay.space;
	struct kernel_snapshot kernel;
	bool stable;
	int error =
		kernel_snapshot_read(&kernel, pair->options->common.pid, &space->objects, &stable);

	b->side.space = space;
	for (size_t i = 0; error == 0 && i < kernel.n; i++)
		add_without_own(&b->side, space, &kernel.areas[i]);
	kernel_snapshot_free(&kernel);
	if (error < 0) {
		live_set_problem(&b->view, pair->options->common.pid, error);
		open_say_problems(&b->view);
	}
	return error == 0;
}

static void compare(struct diff_pair *pair)
{
	struct diff_subject *a = &pair->a;
	struct diff_subject *b = &pair->b;

	if (pair->options->relative) {
		diff_make_keys(pair, a);
		diff_make_keys(pair, b);
		map_diff_by_key(&pair->diff, &a->side, &b->side);
	} else {
		map_diff_by_address(&pair->diff, &a->side, &b->side,
				    pair->same_ledger ? DIFF_COMPARE_ORIGINS : DIFF_IGNORE_ORIGINS);
	}
	diff_name_changes(pair);
}

static void say_damage(const struct diff_pair *pair)
{
	view_say_lost_and_damaged(&pair->a.view);
	if (!pair->same_ledger && pair->b.is_open)
		view_say_lost_and_damaged(&pair->b.view);
}

static int compare_and_print(struct diff_pair *pair)
{
	struct diff_subject *a = &pair->a;
	struct diff_subject *b = &pair->b;

	if (!open_subject(a, pair->options, NULL) ||
	    !open_subject(b, pair->options, stack_names(&a->view)) ||
	    (b->is_process && !await_baseline(pair)))
		return CLI_TROUBLE;
	diff_side_take(&a->side, &a->view.replay.space);
	if (b->is_process && !take_process(pair))
		return CLI_TROUBLE;
	if (!b->is_process)
		diff_side_take(&b->side, &b->view.replay.space);
	compare(pair);
	say_damage(pair);
	if (pair->options->common.json)
		diff_print_json(pair);
	else
		diff_print(pair);
	open_say_problems(&a->view);
	return pair->diff.n > 0 ? CLI_DIFFERENT : CLI_FINE;
}

static void finish_subject(struct diff_subject *subject)
{
	stacks_forget(subject->stacks, subject->n_stacks);
	free(subject->stacks);
	diff_side_free(&subject->side);
	if (subject->is_open)
		view_close(&subject->view);
}

/* ----------------------------------------------------------------------- the operands */

static bool is_moment(const char *word, struct moment *moment)
{
	return access(word, F_OK) != 0 && syntax_parse_moment(word, moment) == NULL;
}

static bool name_file(struct diff_subject *subject, pid_t pid, char *file)
{
	return open_find_ledger(pid, file != NULL, &file, &subject->found);
}

/* A ledger, or a moment of its ledger, and the process itself. */
static bool read_process(struct diff_pair *pair, int n_operands, char **operands)
{
	bool by_moment = n_operands == 1 && is_moment(operands[0], &pair->a.moment);

	if (n_operands > 1) {
		complain("diff: with --pid give one FILE or MOMENT; '%s' is too much", operands[1]);
		return false;
	}
	pair->b.is_process = true;
	if (n_operands == 1 && !by_moment) {
		if (!name_file(&pair->a, 0, operands[0]))
			return false;
	} else if (!name_file(&pair->a, pair->options->common.pid, NULL)) {
		return false;
	}
	pair->b.found = pair->a.found;
	return true;
}

static bool read_moments(struct diff_pair *pair, int n_operands, char **operands)
{
	if (!is_moment(operands[1], &pair->b.moment)) {
		complain("diff: '%s' is a moment, and '%s' is none; give two moments or two files",
			 operands[0], operands[1]);
		return false;
	}
	if (n_operands > 3) {
		complain("one FILE at a time; '%s' is too much", operands[3]);
		return false;
	}
	pair->same_ledger = true;
	if (!name_file(&pair->a, pair->options->common.pid, n_operands == 3 ? operands[2] : NULL))
		return false;
	pair->b.found = pair->a.found;
	return true;
}

static bool read_operands(struct diff_pair *pair, int n_operands, char **operands)
{
	if (pair->options->common.pid != 0)
		return read_process(pair, n_operands, operands);
	if (n_operands < 2) {
		complain("diff: give two moments (start end) or two ledgers; see: mapledger help "
			 "diff");
		return false;
	}
	if (is_moment(operands[0], &pair->a.moment))
		return read_moments(pair, n_operands, operands);
	if (n_operands > 2) {
		complain("two FILEs at a time; '%s' is too much", operands[2]);
		return false;
	}
	pair->a.moment = pair->b.moment = pair->options->common.at;
	return name_file(&pair->a, pair->options->common.pid, operands[0]) &&
	       name_file(&pair->b, pair->options->common.pid, operands[1]);
}

static int cmd_diff(const void *given, int n_operands, char **operands)
{
	const struct diff_options *options = given;
	struct diff_pair *pair = heap_array(1, sizeof(*pair));
	int code = CLI_TROUBLE;

	pair->options = options;
	if (read_operands(pair, n_operands, operands))
		code = compare_and_print(pair);
	map_diff_free(&pair->diff);
	pair->b.view.symbolizer = NULL; /* it is the first one's */
	finish_subject(&pair->a);
	finish_subject(&pair->b);
	free(pair);
	return code;
}

static const struct option_row rows[] = {
	COMMON_ROW(struct diff_options, PID),
	{ "at", 0, "MOMENT", "of two ledgers: both at this moment (default end)",
	  OPTION_MOMENT(struct diff_options, common.at) },
	{ "rel", 0, NULL, "for two runs: by file, offset and who mapped it, not by address",
	  OPTION_FLAG(struct diff_options, relative) },
	COMMON_ROW(struct diff_options, SYSROOT),
	COMMON_ROW(struct diff_options, BYTES),
	COMMON_ROW(struct diff_options, JSON),
	COMMON_ROW(struct diff_options, COLOR),
	COMMON_ROW(struct diff_options, HELP),
};

const struct command command_diff = {
	.name = "diff",
	.usage = "[OPTION...] A B [FILE]",
	.summary = "what is different between two moments, two ledgers, or a ledger and a process",
	.details =
		"A and B are moments of one ledger (diff start end), two ledgers (diff a.mlg "
		"b.mlg),\n"
		"or, with -p, one ledger or moment is compared with the running process.\n"
		"\n"
		"+ was mapped, - was unmapped, ~ has changed, or is another mapping that looks "
		"the\n"
		"same. Addresses differ from run to run: --rel pairs areas by the file and offset\n"
		"that they show, or by who mapped them, in their order.\n"
		"\n"
		"Exit status: 0 equal, 1 differences, 2 can't be read.\n",
	COMMAND_OPTIONS(struct diff_options, rows),
	.run = cmd_diff,
	.trouble = CLI_TROUBLE,
};
