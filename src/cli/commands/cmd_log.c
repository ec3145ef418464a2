/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include "cli/commands/cmd_log.h"
#include "cli/commands/log_csv.h"
#include "cli/commands/log_json.h"
#include "cli/commands/log_table.h"
#include "cli/options/open_ledger.h"
#include "cli/text/fault_text.h"
#include "cli/text/output.h"
#include "cli/text/view_text.h"
#include "query/heap.h"

static bool has_context(const struct log_options *options)
{
	return options->context.before != 0 || options->context.after != 0;
}

static bool is_filtered(const struct log_options *options)
{
	return !filter_is_open(&options->filter) || options->has_tail;
}

/* -------------------------------------------------------------------- line by line */

/* Lines were left out between the one printed last and this one. */
static void print_break(const struct log *log)
{
	if (has_context(log->options) && log->printed != 0 && log->printed != log->line &&
	    log->json == NULL && log->options->format != LOG_CSV)
		puts("--");
}

static void print_line(struct log *log, const struct history_event *line)
{
	print_break(log);
	log->printed = log->line + 1;
	log->n_calls += line->kind == HISTORY_CALL && log->passes;
	if (log->json != NULL)
		log_print_json_line(log, line);
	else if (log->options->format == LOG_STRACE)
		log_print_strace(log, line);
	else if (log->options->format == LOG_CSV)
		log_print_csv(log, line);
	else
		log_print_table_line(log, line);
}

/* The forms that have words for calls only. */
static bool can_be_shown(const struct log *log, const struct history_event *line)
{
	return line->kind == HISTORY_CALL ||
	       (log->options->format != LOG_STRACE && log->options->format != LOG_CSV);
}

static bool line_begins(void *context, struct history_event *line)
{
	struct log *log = context;

	if (!can_be_shown(log, line))
		return false;
	log->passes = filter_begins(&log->filter, line);
	return log->passes || has_context(log->options);
}

static void remember_hit(struct log *log)
{
	log->hits =
		heap_grow(log->hits, log->n_hits, &log->hits_capacity, 1024, sizeof(*log->hits));
	log->hits[log->n_hits++] = log->line;
}

/* Is the line at hand near enough to one that the filter let pass? */
static bool is_near_a_hit(struct log *log)
{
	while (log->next_hit < log->n_hits &&
	       log->hits[log->next_hit] + log->options->context.after < log->line)
		log->next_hit++;
	return log->next_hit < log->n_hits &&
	       log->hits[log->next_hit] <= log->line + log->options->context.before;
}

static int line_ends(void *context, struct history_event *line)
{
	struct log *log = context;

	log->passes = log->passes && filter_passes(&log->filter, line);
	if (log->counting && log->passes)
		remember_hit(log);
	else if (!log->counting && (log->two_passes ? is_near_a_hit(log) : log->passes))
		print_line(log, line);
	log->line++;
	return 0;
}

/* All records once. */
static void pass(struct log *log)
{
	struct history_visitor visitor = { .begins = line_begins,
					   .visit = line_ends,
					   .context = log,
					   .wants_expectations = true };
	/* What is shown around the last line may lie behind it. */
	uint64_t last = has_context(log->options) ? UINT64_MAX : log->filter.last;

	log->line = 0;
	history_walk(log->view, &visitor, history_after_event(last));
}

/* ------------------------------------------------------------------ the command */

/* What ended it all; filters are about calls. */
static void print_fault(const struct log *log)
{
	const struct ledger_fault *fault = &log->view->header->fault;
	struct text text;
	TEXT_ON_STACK(text, 400);

	if (!fault_is_met(fault) || !filter_is_open(&log->options->filter))
		return;
	if (log->json != NULL) {
		json_object(log->json, NULL);
		json_string(log->json, "type", "crash");
		fault_json(log->json, "fault", log->view);
		json_end_object(log->json);
	} else if (log->options->format == LOG_TABLE) {
		fault_text(&text, log->view);
		paint(PAINT_DANGER);
		printf(" ! %-6s ", "");
		log_print_time(log, fault->ticks);
		printf("  t%-7" PRIu32 " %s; see: mapledger explain\n", fault->tid, text.buffer);
		paint(PAINT_NONE);
	}
}

static void print_footer(const struct log *log)
{
	const struct ledger_view *view = log->view;
	uint64_t n_events = view->last_event + 1 - view->first_event;

	if (log->json != NULL || log->options->format != LOG_TABLE || !is_filtered(log->options))
		return;
	printf("%" PRIu64 " of %" PRIu64 " event%s\n", log->n_calls, n_events,
	       n_events == 1 ? "" : "s");
}

/* Only the last hits count. */
static void keep_tail(struct log *log)
{
	size_t skipped = 0;

	if (log->options->has_tail && log->n_hits > log->options->tail)
		skipped = log->n_hits - (size_t)log->options->tail;
	log->next_hit = skipped;
}

static void print_log(struct log *log)
{
	if (log->options->has_tail || has_context(log->options)) {
		log->two_passes = log->counting = true;
		pass(log);
		log->counting = false;
		keep_tail(log);
	}
	if (log->options->format == LOG_CSV)
		log_print_csv_head();
	pass(log);
	print_fault(log);
	print_footer(log);
}

static int prepare_and_print(struct log *log)
{
	if (!filter_prepare(&log->filter, log->view, &log->options->filter, HISTORY_TO_END,
			    &log->names))
		return open_say_problems(log->view);
	if (log->options->common.json || log->options->format == LOG_JSONL)
		log->json = json_create();
	print_log(log);
	return CLI_FINE;
}

static int show(struct ledger_view *view, const void *given)
{
	const struct log_options *options = given;
	struct log log = { .view = view, .options = options };
	int code;

	event_names_begin(&log.names, view);
	code = prepare_and_print(&log);
	view_say_lost_and_damaged(view);
	json_destroy(log.json);
	filter_finish(&log.filter);
	event_names_end(&log.names);
	free(log.hits);
	return code;
}

static int cmd_log(const void *given, int n_operands, char **operands)
{
	const struct log_options *options = given;
	return open_and_show(&options->common, n_operands, operands, show, options);
}

static const char *parse_context(const char *value, void *field)
{
	struct log_context *context = field;

	if (!syntax_parse_number(value, &context->after))
		return "is not a number";
	context->before = context->after;
	return NULL;
}

static const struct option_row rows[] = {
	COMMON_ROW(struct log_options, PID),
	FILTER_ROW(struct log_options, RANGE),
	FILTER_ROW(struct log_options, SINCE),
	FILTER_ROW(struct log_options, UNTIL),
	FILTER_ROW(struct log_options, CALLS),
	FILTER_ROW(struct log_options, FAILED),
	FILTER_ROW(struct log_options, OK),
	FILTER_ROW(struct log_options, WRITABLE),
	FILTER_ROW(struct log_options, EXECUTABLE),
	FILTER_ROW(struct log_options, BECAME),
	FILTER_ROW(struct log_options, LOST),
	FILTER_ROW(struct log_options, KIND),
	FILTER_ROW(struct log_options, SIZE),
	FILTER_ROW(struct log_options, FROM),
	FILTER_ROW(struct log_options, MODULE_OF_CALLS),
	FILTER_ROW(struct log_options, TID),
	{ "tail", 'n', "N", "only the last N lines", OPTION_NUMBER(struct log_options, tail),
	  .given = offsetof(struct log_options, has_tail) },
	{ "after-context", 'A', "N", "also N lines after each",
	  OPTION_NUMBER(struct log_options, context.after) },
	{ "before-context", 'B', "N", "also N lines before each",
	  OPTION_NUMBER(struct log_options, context.before) },
	{ "context", 'C', "N", "both", OPTION_PARSED(struct log_options, context, parse_context) },
	{ "format", 0, "table|strace|jsonl|csv",
	  "a table, lines as strace prints them, or for programs (default table)",
	  OPTION_WORD(struct log_options, format, enum log_format),
	  .wrong = "is not a format of log; use table, strace, jsonl or csv" },
	{ "bt", 0, NULL, "the whole stack of each call", OPTION_FLAG(struct log_options, stacks) },
	COMMON_ROW(struct log_options, SYSROOT),
	COMMON_ROW(struct log_options, BYTES),
	COMMON_ROW(struct log_options, JSON),
	COMMON_ROW(struct log_options, COLOR),
	COMMON_ROW(struct log_options, HELP),
};

const struct command command_log = {
	.name = "log",
	.usage = "[OPTION...] [FILE]",
	.summary = "the calls that were recorded, and what each did to the map",
	.details = COMMAND_DETAILS_OF_FILE
	"\n"
	"Lines that begin with ! failed. Lines that begin with ~ are no calls: a range was\n"
	"read back from the kernel, for the reason given.\n",
	COMMAND_OPTIONS(struct log_options, rows),
	.run = cmd_log,
	.trouble = CLI_TROUBLE,
};
