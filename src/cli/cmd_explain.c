/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/crash_screen.h"
#include "cli/fault_text.h"

/* What can be said of a process that recorded no fault. */
static int complain_no_fault(struct ledger_view *view)
{
	enum view_state state;
	struct text text;
	TEXT_ON_STACK(text, 300);

	if (!view_fold(view, (struct moment){ .kind = MOMENT_END }))
		return CLI_TROUBLE;
	state = view_state(view);
	view_state_text(view, state, &text);
	complain("%s: no crash is recorded: %s", view->name, text.buffer);
	return CLI_UNSURE;
}

static int show(struct ledger_view *view, const struct cli_options *options)
{
	struct crash_names names = { 0 };
	struct crash crash;
	bool good;

	if (!fault_is_met(&view->header->fault))
		return complain_no_fault(view);
	good = crash_find(&crash, view) && crash_names_read(&names, view, &crash);
	if (good && options->json)
		good = crash_print_json(view, &crash, &names);
	else if (good)
		crash_print(stdout, view, &crash, &names, options->bytes);
	stack_say_problems(names.symbolizer);
	crash_names_free(&names);
	crash_free(&crash);
	return good ? CLI_FINE : CLI_TROUBLE;
}

int cmd_explain(const struct cli_options *options, int n_operands, char **operands)
{
	return view_show(options, n_operands, operands, show);
}
