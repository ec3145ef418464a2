/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include "cli/options/open_ledger.h"
#include "cli/text/output.h"

static void say(const struct problem *problem)
{
	struct text text;
	TEXT_ON_STACK(text, PROBLEM_TEXT_MAX + PROBLEM_ADVICE_MAX);

	problem_text(problem, &text);
	complain("%s", text.buffer);
}

static bool is_found(bool found, const struct problem *problem)
{
	if (!found)
		say(problem);
	return found;
}

static bool find_newest(struct found_ledger *found)
{
	struct problem problem;

	if (!is_found(find_newest_ledger(found, &problem), &problem))
		return false;
	complain("using %s", found->name);
	return true;
}

bool open_find_ledger(pid_t pid, int n_operands, char **operands, struct found_ledger *found)
{
	struct problem problem;

	if (n_operands > 1) {
		complain("one FILE at a time; '%s' is too much", operands[1]);
		return false;
	}
	if (n_operands == 1 && pid != 0) {
		complain("give either a FILE or --pid, not both");
		return false;
	}
	if (pid != 0)
		return is_found(find_ledger_of(pid, found, &problem), &problem);
	if (n_operands == 0)
		return find_newest(found);
	snprintf(found->path, sizeof(found->path), "%s", operands[0]);
	strcpy(found->name, found->path);
	return true;
}

bool open_view(struct ledger_view *view, const char *path, const char *name)
{
	return is_found(view_open(view, path, name), &view->problem);
}

/* Files that should have given names, and could not. */
static void say_symbol_problems(struct ledger_view *view)
{
	const char *problem;

	while (view->symbolizer != NULL &&
	       (problem = symbolizer_problem(view->symbolizer, &view->symbol_problems_said)) !=
		       NULL)
		complain("%s", problem);
}

int open_say_problems(struct ledger_view *view)
{
	say_symbol_problems(view);
	if (view->problem.kind != PROBLEM_NONE)
		say(&view->problem);
	problem_clear(&view->problem);
	return CLI_TROUBLE;
}

int open_and_show(const struct common_options *common, int n_operands, char **operands,
		  show_ledger_fn show, const void *options)
{
	struct found_ledger found;
	struct ledger_view view;
	int code;

	if (!open_find_ledger(common->pid, n_operands, operands, &found) ||
	    !open_view(&view, found.path, found.name))
		return CLI_TROUBLE;
	view.sysroot = common->sysroot;
	code = show(&view, options);
	open_say_problems(&view);
	view_close(&view);
	return code;
}
