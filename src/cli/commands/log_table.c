/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>
#include "cli/commands/log_table.h"
#include "cli/text/area_text.h"
#include "cli/text/call_text.h"
#include "cli/text/stack_text.h"
#include "cli/text/word.h"
#include "query/compare.h"
#include "vma/vm_call_format.h"

#define CALL_COLUMNS   58
#define EFFECT_COLUMNS 14
#define STACK_COLUMN   33

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

void log_print_time(const struct log *log, uint64_t ticks)
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
	log_describe(log, line, &effect);
	say_object(log, line, &effect);
	snprintf(number, sizeof(number), "#%" PRIu64, line->number);
	if (failed)
		paint(PAINT_DANGER);
	printf(" %c %-6s ", failed ? '!' : ' ', number);
	paint(PAINT_NONE);
	log_print_time(log, line->call.ticks);
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

void log_print_strace(struct log *log, const struct history_event *line)
{
	uint64_t ns = ledger_reader_time_ns(log->view->reader, line->call.ticks);
	struct text call;
	TEXT_ON_STACK(call, 512);

	vm_call_format(&call, &line->call, line->finished);
	printf("%-7" PRIu32 " %" PRIu64 ".%06" PRIu64 " %s\n", line->call.tid, ns / 1000000000,
	       ns / 1000 % 1000000, call.buffer);
}

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
	log_print_time(log, resync->ticks);
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
	log_print_time(log, head->ticks);
	printf("  %-8s after it the kernel's map differs: %s %" PRIx64 "-%" PRIx64, "",
	       vm_diff_name(found.kind), found.range.start, found.range.end);
	if (found.has_ours)
		print_side(log, ", ledger ", &found.ours);
	if (found.has_kernel)
		print_side(log, ", kernel ", &found.kernel);
	putchar('\n');
	paint(PAINT_NONE);
}

static void print_mark(struct log *log, const struct history_event *line)
{
	struct text text;
	TEXT_ON_STACK(text, 1000);

	text_name(&text, line->text, strlen(line->text));
	paint(PAINT_HEAD);
	printf(" = %-6s ", "");
	log_print_time(log, line->ticks);
	printf("  %-8s %s %s\n", "", line->kind == HISTORY_EXPECT ? "expect" : "mark", text.buffer);
	paint(PAINT_NONE);
}

void log_print_table_line(struct log *log, const struct history_event *line)
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
