/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "cli/area_text.h"
#include "cli/call_text.h"
#include "cli/compare.h"
#include "cli/effect.h"
#include "cli/ledger_view.h"

#define CALL_COLUMNS 58

/*
 * One line of the log while it is being found out: a call waits for the answers
 * that the kernel gave about it, which are the records behind it.
 */
struct line {
	bool waiting;
	bool finished;
	struct vm_call call;
	struct touch touch;
	struct effect_pieces before;
	uint64_t brk_before;
	unsigned read_back; /* the reason why its range was asked from the kernel, or 0 */
};

/*
 * Two readers: @view folds, @ahead looks at the record before it is folded, so
 * that the map can be seen before and after.
 */
struct log {
	struct ledger_view *view;
	const struct cli_options *options;
	struct ledger_reader *ahead;
	struct json *json;
	struct line line;
	struct effect_pieces after;
	uint64_t event;	    /* number of the last call */
	uint64_t n_lines;   /* that were wanted */
	uint64_t n_skipped; /* of them, not to be printed */
	uint64_t n_calls;   /* printed */
	bool printing;
};

static bool filters(const struct cli_options *options)
{
	return options->calls != 0 || options->failed || options->tid != 0 ||
	       options->range.end != 0 || options->has_count;
}

/* Counts a wanted line; is it to be printed? */
static bool counts(struct log *log)
{
	log->n_lines++;
	return log->printing && log->n_lines > log->n_skipped;
}

/* ---------------------------------------------------------------------- calls */

static bool wants_call(const struct log *log, const struct line *line)
{
	const struct cli_options *options = log->options;

	if (options->calls != 0 && !(options->calls & 1u << line->call.op))
		return false;
	if (options->failed && !(line->finished && call_was_refused(&line->call)))
		return false;
	if (options->tid != 0 && options->tid != line->call.tid)
		return false;
	return options->range.end == 0 || touch_overlaps(&line->touch, options->range);
}

static void describe(struct log *log, const struct line *line, struct text *text)
{
	effect_describe(&line->call, line->finished, &line->touch, &line->before, &log->after,
			line->brk_before, log->options->bytes, text);
	if (line->read_back != 0 && text->len > 0)
		text_string(text, " (read back)");
}

/* Which file a new mapping shows. */
static void say_object(const struct log *log, const struct line *line, struct text *text)
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

static void print_call(struct log *log, const struct line *line)
{
	bool failed = line->finished && call_was_refused(&line->call);
	struct text call, effect;
	char number[24];

	TEXT_ON_STACK(call, 512);
	TEXT_ON_STACK(effect, 500);
	call_text(&line->call, line->finished, &call);
	describe(log, line, &effect);
	say_object(log, line, &effect);
	snprintf(number, sizeof(number), "#%" PRIu64, log->event);
	if (failed)
		paint(PAINT_DANGER);
	printf(" %c %-6s ", failed ? '!' : ' ', number);
	paint(PAINT_NONE);
	print_time(log, line->call.ticks);
	printf("  t%-7" PRIu32 " ", line->call.tid);
	if (effect.len == 0 && !(line->call.flags & (VM_CALL_NESTED | VM_CALL_UNORDERED))) {
		puts(call.buffer);
		return;
	}
	print_padded(call.buffer, CALL_COLUMNS);
	printf("  %s", effect.buffer);
	if (line->call.flags & VM_CALL_NESTED)
		fputs("  (in a signal handler)", stdout);
	if (line->call.flags & VM_CALL_UNORDERED)
		fputs("  (order not known)", stdout);
	putchar('\n');
}

static void print_strace(struct log *log, const struct line *line)
{
	uint64_t ns = ledger_reader_time_ns(log->view->reader, line->call.ticks);
	struct text call;
	TEXT_ON_STACK(call, 512);

	vm_call_format(&call, &line->call, line->finished);
	printf("%-7" PRIu32 " %" PRIu64 ".%06" PRIu64 " %s\n", line->call.tid, ns / 1000000000,
	       ns / 1000 % 1000000, call.buffer);
}

static void print_json_call(struct log *log, const struct line *line)
{
	const struct vm_op_info *info = vm_op_info(line->call.op);
	struct json *json = log->json;
	struct text text;
	TEXT_ON_STACK(text, 600);

	json_object(json, NULL);
	json_string(json, "type", "call");
	json_unsigned(json, "event", log->event);
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
		      effect_changed_bytes(&line->before, &log->after, &line->touch));
	json_string(json, "tier", vm_tier_name(line->call.tier));
	json_bool(json, "nested", line->call.flags & VM_CALL_NESTED);
	json_bool(json, "unordered", line->call.flags & VM_CALL_UNORDERED);
	json_end_object(json);
}

/* The call that waited is complete: nothing more will be said about it. */
static int finish_line(struct log *log)
{
	struct line *line = &log->line;

	if (!line->waiting)
		return 0;
	line->waiting = false;
	if (!wants_call(log, line) || !counts(log))
		return 0;
	if (effect_look(&log->after, &log->view->replay.space, &line->touch) < 0)
		return -1;
	log->n_calls++;
	if (log->json != NULL)
		print_json_call(log, line);
	else if (log->options->format == FORMAT_STRACE)
		print_strace(log, line);
	else
		print_call(log, line);
	return 0;
}

/* ------------------------------------------------------------- ranges read back */

static bool wants_resync(const struct log *log, const struct ledger_resync *resync)
{
	const struct cli_options *options = log->options;
	struct addr_range range = { resync->start, resync->end };

	if (options->calls != 0 && !(options->calls & CALLS_RESYNC))
		return false;
	if (options->failed || options->tid != 0 || options->format == FORMAT_STRACE)
		return false;
	if (options->range.end == 0)
		return true;
	/* The start is about everything. */
	return resync->reason != VM_REASON_BASELINE && range.start < options->range.end &&
	       options->range.start < range.end;
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
	json_bool(log->json, "changed", changed);
	json_end_object(log->json);
}

/* -------------------------------------------------- differences, with verify=each */

static void print_side(const struct log *log, const char *whose, const struct memory_area *area)
{
	struct text text;
	TEXT_ON_STACK(text, 400);

	text_perm(&text, area->flags);
	text_char(&text, ' ');
	area_what(&log->view->replay.space, area, &text);
	printf("%s%s", whose, text.buffer);
}

static void print_check(struct log *log, const struct ledger_verify *head,
			const struct found_difference *found)
{
	char number[24];

	snprintf(number, sizeof(number), "#%" PRIu64, head->event);
	paint(PAINT_DANGER);
	printf(" ! %-6s ", number);
	print_time(log, head->ticks);
	printf("  %-8s after it the kernel's map differs: %s %" PRIx64 "-%" PRIx64, "",
	       vm_diff_name(found->kind), found->range.start, found->range.end);
	if (found->has_ours)
		print_side(log, ", ledger ", &found->ours);
	if (found->has_kernel)
		print_side(log, ", kernel ", &found->kernel);
	putchar('\n');
	paint(PAINT_NONE);
}

static void print_json_check(struct log *log, const struct ledger_verify *head,
			     const struct found_difference *found)
{
	json_object(log->json, NULL);
	json_string(log->json, "type", "difference");
	json_unsigned(log->json, "time_ns", ledger_reader_time_ns(log->view->reader, head->ticks));
	json_unsigned(log->json, "event", head->event);
	json_string(log->json, "kind", vm_diff_name(found->kind));
	json_address(log->json, "start", found->range.start);
	json_address(log->json, "end", found->range.end);
	json_end_object(log->json);
}

/* ---------------------------------------------------------------- record by record */

/* An answer to the call that waits belongs to its line. */
static bool is_answer(const struct log *log, const struct ledger_resync *resync)
{
	return log->line.waiting && resync->event != 0 && resync->event == log->event;
}

static int fold(struct log *log, struct ledger_entry *entry)
{
	return view_step(log->view, entry) > 0 ? 0 : -1;
}

static int take_call(struct log *log, const struct ledger_entry *ahead)
{
	struct line *line = &log->line;
	struct vm_space *space = &log->view->replay.space;
	struct ledger_entry entry;

	if (finish_line(log) < 0)
		return -1;
	line->call = ahead->call;
	line->finished = ahead->finished;
	line->read_back = 0;
	line->brk_before = space->brk;
	line->touch = touch_of_call(space, &line->call, line->finished);
	if (effect_look(&line->before, space, &line->touch) < 0 || fold(log, &entry) < 0)
		return -1;
	log->event = ahead->call.event;
	line->waiting = true;
	/* A segment's size is known once it is attached. */
	if (line->call.op == VM_OP_SHMAT)
		line->touch = touch_of_call(space, &line->call, line->finished);
	return 0;
}

static int take_resync(struct log *log, const struct ledger_entry *ahead)
{
	uint64_t changes = log->view->replay.counts.resync_changes;
	struct ledger_resync resync = ahead->resync.head;
	struct ledger_entry entry;
	bool changed;

	if (ahead->in_checkpoint && resync.reason == VM_REASON_CHECKPOINT)
		return fold(log, &entry);
	if (is_answer(log, &resync)) {
		if (resync.reason != VM_REASON_IDENTITY)
			log->line.read_back = resync.reason;
		return fold(log, &entry);
	}
	if (finish_line(log) < 0 || fold(log, &entry) < 0)
		return -1;
	changed = log->view->replay.counts.resync_changes > changes;
	if (!wants_resync(log, &resync) || !counts(log))
		return 0;
	if (log->json != NULL)
		print_json_resync(log, &resync, changed);
	else
		print_resync(log, &resync, changed);
	return 0;
}

/* Only a check right after a call is a line: it belongs to that call. */
static int take_verify(struct log *log, const struct ledger_entry *ahead)
{
	const struct ledger_verify head = ahead->verify.head;
	const struct ledger_resync range = { .start = head.start, .end = head.end };
	struct found_difference found;
	struct ledger_entry entry;

	if (head.event == 0)
		return fold(log, &entry);
	if (finish_line(log) < 0 || fold(log, &entry) < 0)
		return -1;
	if (!wants_resync(log, &range) || !counts(log))
		return 0;
	compare_check(log->view, &found);
	if (log->json != NULL)
		print_json_check(log, &head, &found);
	else
		print_check(log, &head, &found);
	return 0;
}

static int take_record(struct log *log, const struct ledger_entry *ahead)
{
	struct ledger_entry entry;

	switch (ahead->kind) {
	case LEDGER_CALL:
		return take_call(log, ahead);
	case LEDGER_RESYNC:
		return take_resync(log, ahead);
	case LEDGER_VERIFY:
		return take_verify(log, ahead);
	default:
		return fold(log, &entry);
	}
}

/* All records once. Return: 0, or -1 after a complaint. */
static int pass(struct log *log)
{
	struct ledger_entry ahead;
	int error = 0;

	log->n_lines = 0;
	log->event = log->view->first_event - 1;
	log->line.waiting = false;
	if (!view_begin(log->view))
		return -1;
	ledger_reader_rewind(log->ahead);
	while (error == 0 && ledger_reader_next(log->ahead, &ahead))
		error = take_record(log, &ahead);
	return error == 0 ? finish_line(log) : error;
}

/* ------------------------------------------------------------------ the command */

static void print_footer(const struct log *log)
{
	const struct ledger_view *view = log->view;
	uint64_t n_events = view->last_event + 1 - view->first_event;

	if (log->json != NULL || log->options->format == FORMAT_STRACE || !filters(log->options))
		return;
	printf("%" PRIu64 " of %" PRIu64 " event%s\n", log->n_calls, n_events,
	       n_events == 1 ? "" : "s");
}

static int print_log(struct log *log)
{
	if (log->options->has_count) {
		if (pass(log) < 0)
			return CLI_TROUBLE;
		if (log->n_lines > log->options->count)
			log->n_skipped = log->n_lines - log->options->count;
	}
	log->printing = true;
	if (pass(log) < 0)
		return CLI_TROUBLE;
	print_footer(log);
	return CLI_FINE;
}

static void say_lost_and_damaged(const struct ledger_view *view)
{
	if (view->first_event > 1)
		complain("%s: events #1 to #%" PRIu64 " were overwritten", view->name,
			 view->first_event - 1);
	if (view->damage != NULL)
		complain("%s is damaged: %s", view->name, view->damage);
}

static int show(struct ledger_view *view, const struct cli_options *options)
{
	struct log log = { .view = view, .options = options };
	struct ledger_problem problem;
	int code;

	log.ahead = ledger_reader_open(view->path, &problem);
	if (log.ahead == NULL) {
		complain("%s: %s", view->name, problem.text);
		return CLI_TROUBLE;
	}
	if (options->json && (log.json = json_create()) == NULL) {
		complain("%s: not enough memory", view->name);
		ledger_reader_close(log.ahead);
		return CLI_TROUBLE;
	}
	code = print_log(&log);
	say_lost_and_damaged(view);
	json_destroy(log.json);
	effect_pieces_free(&log.line.before);
	effect_pieces_free(&log.after);
	ledger_reader_close(log.ahead);
	return code;
}

int cmd_log(const struct cli_options *options, int n_operands, char **operands)
{
	return view_show(options, n_operands, operands, show);
}
