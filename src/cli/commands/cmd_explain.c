/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands/cmd_explain.h"
#include "cli/options/open_ledger.h"
#include "cli/report/crash_screen.h"
#include "cli/run/run_family.h"
#include "cli/text/fault_text.h"
#include "cli/text/output.h"
#include "cli/text/view_text.h"
#include "symbolize/core_file.h"

struct explain_options {
	struct common_options common;
	const char *core; /* a file */
};

/* What can be said of a process that recorded no fault. */
static int complain_no_fault(struct ledger_view *view)
{
	struct family_crash crash;
	enum view_state state;
	struct text text;
	TEXT_ON_STACK(text, 300);

	view_fold_records(view, VIEW_ALL_RECORDS);
	state = view_state(view);
	view_state_text(view, state, &text);
	if (family_find_crash(view->path, (pid_t)view->header->pid, &crash))
		complain("%s: no crash is recorded: %s; but a child crashed: mapledger explain %s",
			 view->name, text.buffer, crash.path);
	else
		complain("%s: no crash is recorded: %s; if there is a core file: mapledger "
			 "explain --core CORE %s",
			 view->name, text.buffer, view->name);
	return CLI_UNSURE;
}

/* The core speaks of the end; it must be that of this ledger's process. */
static bool take_core(struct ledger_view *view, const char *path)
{
	struct core_file core;
	const char *wrong;

	if (!core_file_read(path, &core, &wrong)) {
		complain("explain: --core: %s: %s", path, wrong);
		return false;
	}
	if (core.pid != view->header->pid) {
		complain("explain: %s is of process %u (%s), %s of process %u; name the ledger of "
			 "that process",
			 path, core.pid, core.name, view->name, view->header->pid);
		return false;
	}
	/* Kept by the ledger alone: when it was, and what the processor said. */
	if (fault_is_met(&view->header->fault) && core.fault.signal == view->header->fault.signal)
		return true;
	core.fault.event = view->last_event;
	core.fault.ticks = view->header->last_ticks;
	ledger_reader_set_fault(view->reader, &core.fault);
	return true;
}

static int show(struct ledger_view *view, const void *given)
{
	const struct explain_options *options = given;
	struct crash_names names;
	struct crash crash;

	if (options->core != NULL && !take_core(view, options->core))
		return CLI_TROUBLE;
	if (!fault_is_met(&view->header->fault))
		return complain_no_fault(view);
	view_say_lost_and_damaged(view);
	crash_find(&crash, view);
	crash_names_read(&names, view, &crash);
	if (options->common.json)
		crash_print_json(view, &crash, &names);
	else
		crash_print(stdout, view, &crash, &names, false);
	crash_names_free(&names);
	crash_free(&crash);
	return CLI_FINE;
}

static int cmd_explain(const void *given, int n_operands, char **operands)
{
	const struct explain_options *options = given;
	return open_and_show(&options->common, n_operands, operands, show, options);
}

static const struct option_row rows[] = {
	{ "core", 0, "CORE", "what the process's core file says, beside what the ledger knows",
	  OPTION_TEXT(struct explain_options, core) },
	COMMON_ROW(struct explain_options, PID),
	COMMON_ROW(struct explain_options, SYSROOT),
	COMMON_ROW(struct explain_options, JSON),
	COMMON_ROW(struct explain_options, COLOR),
	COMMON_ROW(struct explain_options, HELP),
};

const struct command command_explain = {
	.name = "explain",
	.usage = "[OPTION...] [FILE]",
	.summary = "why a program crashed: the access, the page, who made it so, who mapped it",
	.details = COMMAND_DETAILS_OF_FILE
	"\n"
	"`mapledger run' prints the same when its program crashes.\n"
	"\n"
	"Exit status: 0 explained, 2 can't be read, 3 no crash is recorded.\n",
	COMMAND_OPTIONS(struct explain_options, rows),
	.run = cmd_explain,
	.trouble = CLI_TROUBLE,
};
