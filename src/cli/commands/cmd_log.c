/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/commands/cmd_log.h"
#include "cli/filter_options.h"
#include "cli/open_ledger.h"
#include "cli/text/area_text.h"
#include "cli/text/call_text.h"
#include "cli/text/effect_text.h"
#include "cli/text/fault_text.h"
#include "cli/text/output.h"
#include "cli/text/stack_text.h"
#include "cli/text/view_text.h"
#include "cli/text/word.h"
#include "query/compare.h"
#include "query/effect.h"
#include "query/heap.h"
#include "query/ledger_view.h"
#include "vma/vm_call_format.h"

#define CALL_COLUMNS   58
#define EFFECT_COLUMNS 14
#define STACK_COLUMN   33

struct log_options {
	struct common_options common;
	struct filter_options filter;
	uint64_t tail; /* only so many lines, when has_tail */
	bool has_tail;
	struct log_context {
		uint64_t before;
		uint64_t after;
	} context; /* lines around each */
	enum log_format {
		LOG_TABLE,
		LOG_STRACE,
		LOG_JSONL,
		LOG_CSV,
	} format;
	bool stacks;
};

/*
 * Two passes when lines are wanted for the sake of others: the first finds out
 * which, the second prints them.
 */
struct log {
	struct ledger_view *view;
	const struct log_options *options;
	struct filter filter;
	struct event_names names;
	struct json *json;
	bool counting; /* the first of two passes */
	bool two_passes;
	uint64_t line;	  /* number of the line at hand, from 0 */
	uint64_t n_calls; /* calls that were printed, but for context */
	uint64_t printed; /* line behind the last one that was printed */
	bool passes;	  /* the line at hand is one that the filter let pass */
	/* which lines the filter let pass: those of the first pass */
	uint64_t *hits;
	size_t n_hits;
	size_t hits_capacity;
	size_t next_hit; /* the first that is not behind the line at hand */
};

static bool has_context(const struct log_options *options)
{
	return options->context.before != 0 || options->context.after != 0;
}

static bool is_filtered(const struct log_options *options)
{
	return !filter_is_open(&options->filter) || options->has_tail;
}

static void describe(const struct log *log, const struct history_event *line, struct text *text)
{
	effect_describe(&line->call, line->finished, &line->touch, &line->before, &line->after,
			line->brk_before, log->options->common.bytes, text);
	if (line->read_back != 0 && text->len > 0)
		text_string(text, " (read back)");
}

/* Which file a new mapping shows. */
static void say_object(const struct log *log, const struct history_event *line, struct text *text)
{
	const struct vm_space *space = &log->view->replay.space;
	const struct memory_area *area;

	if (!line->finished || vm_call_failed(&line->call) ||
	    (line->call.op != VM_OP_MMAP && line->call.op != VM_OP_SHMAT))
		return;
	area = memory_set_find(space->set, (uint64_t)line->call.result);
	if (area == NULL || area->tag[VM_TAG_OBJECT] == 0)
		return;
	text_string(text, "  ");
	area_what(space, area, text);
}

static void print_time(const struct log *log, uint64_t ticks)
{
	uint64_t ns = ledger_reader_time_ns(log->view->reader, ticks);

	printf("%6" PRIu64 ".%03" PRIu64 " ms", ns / 1000000, ns / 1000 % 1000);
}

/* The stack in one line, unless all of it stands below. */
static void say_who(struct log *log, const struct history_event *line, struct text *text)
{
	if (log->options->stacks || event_names_of(&log->names, line)->n == 0)
		return;
	text_string(text, "  ");
	stack_who(event_names_of(&log->names, line), text);
}

static void print_stack(struct log *log, const struct history_event *line)
{
	if (log->options->stacks)
		stack_print(event_names_of(&log->names, line), STACK_COLUMN);
}

static void print_call(struct log *log, const struct history_event *line)
{
	bool failed = line->finished && call_was_refused(&line->call);
	struct text call, effect, who;
	char number[24];

	TEXT_ON_STACK(call, 512);
	TEXT_ON_STACK(effect, 500);
	TEXT_ON_STACK(who, 500);
	call_text(&line->call, line->finished, &call);
	describe(log, line, &effect);
	say_object(log, line, &effect);
	snprintf(number, sizeof(number), "#%" PRIu64, line->number);
	if (failed)
		paint(PAINT_DANGER);
	printf(" %c %-6s ", failed ? '!' : ' ', number);
	paint(PAINT_NONE);
	print_time(log, line->call.ticks);
	printf("  t%-7" PRIu32 " ", line->call.tid);
	say_who(log, line, &who);
	if (effect.len == 0 && who.len == 0 &&
	    !(line->call.flags &
	      (VM_CALL_NESTED | VM_CALL_UNORDERED | VM_CALL_PART | VM_CALL_REFUSED))) {
		puts(call.buffer);
		print_stack(log, line);
		return;
	}
	print_padded(call.buffer, CALL_COLUMNS);
	fputs("  ", stdout);
	if (who.len > 0)
		print_padded(effect.buffer, EFFECT_COLUMNS);
	else
		fputs(effect.buffer, stdout);
	fputs(who.buffer, stdout);
	if (line->call.flags & VM_CALL_NESTED)
		fputs("  (in a signal handler)", stdout);
	if (line->call.flags & VM_CALL_PART)
		fputs(line->call.op == VM_OP_BRK ? "  (asked by mapledger)"
						 : "  (a part of the call before)",
		      stdout);
	if (line->call.flags & VM_CALL_REFUSED)
		fputs("  (refused by mapledger: --policy)", stdout);
	if (line->call.flags & VM_CALL_UNORDERED)
		fputs("  (order not known)", stdout);
	putchar('\n');
	print_stack(log, line);
}

static void print_strace(struct log *log, const struct history_event *line)
{
	uint64_t ns = ledger_reader_time_ns(log->view->reader, line->call.ticks);
	struct text call;
	TEXT_ON_STACK(call, 512);

	vm_call_format(&call, &line->call, line->finished);
	printf("%-7" PRIu32 " %" PRIu64 ".%06" PRIu64 " %s\n", line->call.tid, ns / 1000000000,
	       ns / 1000 % 1000000, call.buffer);
}

static void print_json_call(struct log *log, const struct history_event *line)
{
	const struct vm_op_info *info = vm_op_info(line->call.op);
	struct json *json = log->json;
	struct text text;
	TEXT_ON_STACK(text, 600);

	json_object(json, NULL);
	json_string(json, "type", "call");
	json_unsigned(json, "event", line->number);
	json_unsigned(json, "time_ns", ledger_reader_time_ns(log->view->reader, line->call.ticks));
	json_unsigned(json, "tid", line->call.tid);
	json_string(json, "call", info->name);
	json_array(json, "args");
	for (unsigned i = 0; i < info->n_args && i < 6; i++)
		json_address(json, NULL, line->call.args[i]);
	json_end_array(json);
	json_bool(json, "finished", line->finished);
	if (line->finished && vm_call_failed(&line->call)) {
		json_signed(json, "errno", -line->call.result);
	} else if (line->finished) {
		json_address(json, "result", (uint64_t)line->call.result);
	}
	vm_call_format(&text, &line->call, line->finished);
	json_bytes(json, "text", text.buffer, text.len);
	text_init(&text, text_buffer, sizeof(text_buffer));
	describe(log, line, &text);
	json_bytes(json, "effect", text.buffer, text.len);
	json_unsigned(json, "changed_bytes",
		      effect_changed_bytes(&line->before, &line->after, &line->touch));
	json_string(json, "tier", vm_tier_name(line->call.tier));
	if (line->call.stack != 0)
		stack_json(json, "stack", event_names_of(&log->names, line));
	json_bool(json, "nested", line->call.flags & VM_CALL_NESTED);
	json_bool(json, "refused", line->call.flags & VM_CALL_REFUSED);
	json_bool(json, "unordered", line->call.flags & VM_CALL_UNORDERED);
	if (line->call.flags & VM_CALL_PART)
		json_bool(json, "part", true);
	json_end_object(json);
}

/* ------------------------------------------------------------------------- csv */

static void print_csv_head(void)
{
	puts("event,time_ns,tid,call,start,size,result,errno,effect,changed_bytes,text");
}

/* In quotes, and a quote twice (RFC 4180). */
static void print_quoted(const char *string)
{
	putchar('"');
	for (; *string != '\0'; string++) {
		if (*string == '"')
			putchar('"');
		putchar(*string);
	}
	putchar('"');
}

static void print_csv(struct log *log, const struct history_event *line)
{
	const struct vm_call *call = &line->call;
	bool failed = vm_call_failed(call);
	struct text text, effect;

	TEXT_ON_STACK(text, 600);
	TEXT_ON_STACK(effect, 500);
	vm_call_format(&text, call, line->finished);
	describe(log, line, &effect);
	printf("%" PRIu64 ",%" PRIu64 ",%" PRIu32 ",%s,", line->number,
	       ledger_reader_time_ns(log->view->reader, call->ticks), call->tid,
	       vm_op_info(call->op)->name);
	if (line->touch.n > 0)
		printf("0x%" PRIx64 ",%" PRIu64 ",", line->touch.range[0].start,
		       line->touch.range[0].end - line->touch.range[0].start);
	else
		fputs(",,", stdout);
	if (line->finished && !failed)
		printf("0x%" PRIx64, (uint64_t)call->result);
	putchar(',');
	if (line->finished && failed)
		printf("%" PRId64, -call->result);
	putchar(',');
	print_quoted(effect.buffer);
	printf(",%" PRIu64 ",", effect_changed_bytes(&line->before, &line->after, &line->touch));
	print_quoted(text.buffer);
	putchar('\n');
}

/* ------------------------------------------------------------- ranges read back */

/* When was it made, what nobody saw being made? */
static void print_window(const struct log *log)
{
	const struct replay *replay = &log->view->replay;
	uint64_t ns;

	if (replay->since_ticks == 0) {
		printf("  (some time since the start)");
		return;
	}
	ns = ledger_reader_time_ns(log->view->reader, replay->since_ticks);
	printf("  (some time after #%" PRIu64 " and %" PRIu64 ".%03" PRIu64 " ms)",
	       replay->since_event, ns / 1000000, ns / 1000 % 1000);
}

static void print_resync(struct log *log, const struct ledger_resync *resync, bool changed)
{
	paint(PAINT_QUIET);
	printf(" ~ %-6s ", "");
	print_time(log, resync->ticks);
	printf("  %-8s resync %s %" PRIx64 "-%" PRIx64 " %" PRIu32 " area%s%s", "",
	       vm_reason_name(resync->reason), resync->start, resync->end, resync->n_areas,
	       resync->n_areas == 1 ? "" : "s", changed ? "  changed" : "");
	if (resync->event != 0)
		printf("  (after #%" PRIu64 ")", resync->event);
	/* After a check of one call, that call's line is right above. */
	if (resync->reason == VM_REASON_UNOBSERVED && log->view->replay.verify.event == 0)
		print_window(log);
	putchar('\n');
	paint(PAINT_NONE);
}

static void print_json_resync(struct log *log, const struct ledger_resync *resync, bool changed)
{
	json_object(log->json, NULL);
	json_string(log->json, "type", "resync");
	json_unsigned(log->json, "time_ns",
		      ledger_reader_time_ns(log->view->reader, resync->ticks));
	json_string(log->json, "reason", vm_reason_name(resync->reason));
	json_address(log->json, "start", resync->start);
	json_address(log->json, "end", resync->end);
	json_unsigned(log->json, "n_areas", resync->n_areas);
	json_unsigned(log->json, "event", resync->event);
	if (resync->reason == VM_REASON_UNOBSERVED) {
		json_unsigned(log->json, "since_event", log->view->replay.since_event);
		json_unsigned(log->json, "before_event", log->view->replay.event);
	}
	json_bool(log->json, "changed", changed);
	json_end_object(log->json);
}

/* -------------------------------------------------- differences, with verify=each */

static void print_side(const struct log *log, const char *whose, const struct memory_area *area)
{
	struct text text;
	TEXT_ON_STACK(text, 400);

	text_format(&text, "%s ", perm_word(area->flags).s);
	area_what(&log->view->replay.space, area, &text);
	printf("%s%s", whose, text.buffer);
}

static void print_check(struct log *log, const struct history_event *line)
{
	const struct ledger_verify *head = &line->check;
	struct found_difference found;
	char number[24];

	compare_check(log->view, &found);
	snprintf(number, sizeof(number), "#%" PRIu64, head->event);
	paint(PAINT_DANGER);
	printf(" ! %-6s ", number);
	print_time(log, head->ticks);
	printf("  %-8s after it the kernel's map differs: %s %" PRIx64 "-%" PRIx64, "",
	       vm_diff_name(found.kind), found.range.start, found.range.end);
	if (found.has_ours)
		print_side(log, ", ledger ", &found.ours);
	if (found.has_kernel)
		print_side(log, ", kernel ", &found.kernel);
	putchar('\n');
	paint(PAINT_NONE);
}

static void print_json_check(struct log *log, const struct history_event *line)
{
	const struct ledger_verify *head = &line->check;
	struct found_difference found;

	compare_check(log->view, &found);
	json_object(log->json, NULL);
	json_string(log->json, "type", "difference");
	json_unsigned(log->json, "time_ns", ledger_reader_time_ns(log->view->reader, head->ticks));
	json_unsigned(log->json, "event", head->event);
	json_string(log->json, "kind", vm_diff_name(found.kind));
	json_address(log->json, "start", found.range.start);
	json_address(log->json, "end", found.range.end);
	json_end_object(log->json);
}

/* ------------------------------------------------------------------------ marks */

static void print_mark(struct log *log, const struct history_event *line)
{
	struct text text;
	TEXT_ON_STACK(text, 1000);

	text_name(&text, line->text, strlen(line->text));
	paint(PAINT_HEAD);
	printf(" = %-6s ", "");
	print_time(log, line->ticks);
	printf("  %-8s %s %s\n", "", line->kind == HISTORY_EXPECT ? "expect" : "mark", text.buffer);
	paint(PAINT_NONE);
}

static void print_json_mark(struct log *log, const struct history_event *line)
{
	json_object(log->json, NULL);
	json_string(log->json, "type", line->kind == HISTORY_EXPECT ? "expect" : "mark");
	json_unsigned(log->json, "time_ns", ledger_reader_time_ns(log->view->reader, line->ticks));
	json_unsigned(log->json, "event", line->number);
	json_string(log->json, "name", line->text);
	json_end_object(log->json);
}

/* -------------------------------------------------------------------- line by line */

static void print_table_line(struct log *log, const struct history_event *line)
{
	switch (line->kind) {
	case HISTORY_CALL:
		print_call(log, line);
		break;
	case HISTORY_RESYNC:
		print_resync(log, &line->resync, line->changed);
		break;
	case HISTORY_CHECK:
		print_check(log, line);
		break;
	case HISTORY_MARK:
	case HISTORY_EXPECT:
		print_mark(log, line);
		break;
	}
}

static void print_json_line(struct log *log, const struct history_event *line)
{
	switch (line->kind) {
	case HISTORY_CALL:
		print_json_call(log, line);
		break;
	case HISTORY_RESYNC:
		print_json_resync(log, &line->resync, line->changed);
		break;
	case HISTORY_CHECK:
		print_json_check(log, line);
		break;
	case HISTORY_MARK:
	case HISTORY_EXPECT:
		print_json_mark(log, line);
		break;
	}
}

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
		print_json_line(log, line);
	else if (log->options->format == LOG_STRACE)
		print_strace(log, line);
	else if (log->options->format == LOG_CSV)
		print_csv(log, line);
	else
		print_table_line(log, line);
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
		print_time(log, fault->ticks);
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
		print_csv_head();
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
