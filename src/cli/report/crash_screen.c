/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>
#include "cli/text/word.h"
#include "cli/text/area_text.h"
#include "cli/text/call_text.h"
#include "cli/report/crash_screen.h"
#include "cli/text/crash_text.h"
#include "cli/text/fault_text.h"
#include "cli/text/frame_text.h"
#include "cli/text/output.h"
#include "cli/text/view_text.h"

#define COLUMNS	      100
#define INDENT	      2
#define LABEL_COLUMNS 15
#define HINT_COLUMNS  72
#define CODE_COLUMN   78
#define FRAMES_SHOWN  8

struct screen {
	FILE *file;
	struct ledger_view *view;
	const struct crash *crash;
	const struct crash_names *names;
	bool exact;
};

static void print_label(const struct screen *screen, const char *label)
{
	fprintf(screen->file, "  %-*s", LABEL_COLUMNS, label);
}

/* ----------------------------------------------------------------------- lines */

/* "61 us before, same thread" */
static void say_when(const struct screen *screen, const struct fact *fact, struct text *text)
{
	const struct ledger_fault *fault = screen->crash->fault;
	struct ledger_reader *reader = screen->view->reader;
	uint64_t then = ledger_reader_time_ns(reader, fact->ticks);
	uint64_t now = ledger_reader_time_ns(reader, fault->ticks);

	if (now >= then)
		text_format(text, "%s before", duration_word(now - then).s);
	if (!fact->has_call)
		return;
	if (fact->call.tid == fault->tid) {
		text_string(text, ", same thread");
	} else {
		text_format(text, ", thread %" PRIu32, fact->call.tid);
	}
}

static void print_fact(const struct screen *screen, const struct fact *fact,
		       const struct named_stack *stack)
{
	struct text call, when;

	TEXT_ON_STACK(call, 400);
	TEXT_ON_STACK(when, 100);
	if (fact->has_call) {
		text_format(&call, "#%" PRIu64 "  ", fact->number);
		call_text(&fact->call, fact->kind != FACT_IN_FLIGHT, &call);
	} else if (fact->reason == VM_REASON_BASELINE) {
		text_string(&call, "was there when recording began");
	} else {
		text_format(&call, "read back from the kernel behind #%" PRIu64, fact->number);
	}
	fputs(call.buffer, screen->file);
	if (!fact->has_call && fact->reason == VM_REASON_BASELINE) {
		fputc('\n', screen->file);
		return;
	}
	say_when(screen, fact, &when);
	/* Beside the call where it fits a line of 100 columns. */
	if (LABEL_COLUMNS + 2 + call.len + 4 + when.len <= 100)
		fprintf(screen->file, "    %s\n", when.buffer);
	else
		fprintf(screen->file, "\n  %*s    %s\n", LABEL_COLUMNS, "", when.buffer);
	frames_print(screen->file, stack, LABEL_COLUMNS + 4, FRAMES_SHOWN);
}

/* ----------------------------------------------------------------------- facts */

static void print_title(const struct screen *screen)
{
	const struct ledger_fault *fault = screen->crash->fault;
	struct text text;
	TEXT_ON_STACK(text, 500);

	view_program(screen->view, &text);
	text_string(&text, " was killed by ");
	text_signal(&text, fault->signal);
	if (fault->event == 0) {
		text_string(&text, " before its first call");
	} else {
		text_format(&text, " at event #%" PRIu64, fault->event);
	}
	text_format(&text, "   (thread %" PRIu32 " \"", fault->tid);
	text_name(&text, fault->thread_name, strlen(fault->thread_name));
	text_string(&text, "\")");
	fprintf(screen->file, "mapledger: %s\n\n", text.buffer);
}

static void print_sentence(const struct screen *screen)
{
	const char *code = fault_code_name(screen->crash->fault);
	size_t column;
	struct text text;
	TEXT_ON_STACK(text, 900);

	crash_sentence(screen->crash, screen->view, &text);
	column = print_wrapped(screen->file, text.buffer, INDENT, COLUMNS - INDENT);
	if (code != NULL && INDENT + column + 2 + strlen(code) > COLUMNS) {
		fputc('\n', screen->file);
		column = 0;
		fprintf(screen->file, "%*s", INDENT, "");
	}
	if (code != NULL)
		fprintf(screen->file, "%*s%s",
			column + 2 < CODE_COLUMN ? (int)(CODE_COLUMN - column) : 2, "", code);
	fputs("\n\n", screen->file);
}

static void print_crashed_in(const struct screen *screen)
{
	print_label(screen, "crashed in");
	frames_print_here(screen->file, &screen->names->fault, LABEL_COLUMNS + 2, FRAMES_SHOWN);
}

static void print_page(const struct screen *screen)
{
	const struct crash *crash = screen->crash;
	const struct memory_area *area = &crash->area;
	uint64_t number = (crash->page - area->range.start) / VM_PAGE_SIZE + 1;
	uint64_t total = (area->range.end - area->range.start) / VM_PAGE_SIZE;
	struct text text;
	TEXT_ON_STACK(text, 400);

	if (crash->kind == CRASH_SENT || crash->kind == CRASH_NO_ADDRESS)
		return;
	print_label(screen, "the page");
	if (!crash->mapped) {
		fprintf(screen->file, "0x%" PRIx64 "  not mapped\n", crash->page);
		return;
	}
	text_format(&text, "0x%" PRIx64 "-0x%" PRIx64 "  %s  %s  ", area->range.start,
		    area->range.end, perm_word(area->flags).s,
		    size_word(area->range.end - area->range.start, screen->exact).s);
	crash_area_name(screen->view, area, &text);
	if (total > 1)
		text_format(&text, ", page %" PRIu64 " of %" PRIu64, number, total);
	fprintf(screen->file, "%s\n", text.buffer);
}

static void print_hint(const struct screen *screen)
{
	const char *rule = crash_hint_rule(screen->crash->hint);
	struct text text;
	TEXT_ON_STACK(text, 900);

	crash_hint_sentence(screen->crash, screen->view, &text);
	if (text.len == 0)
		return;
	if (rule != NULL && !screen->crash->unseen)
		text_format(&text, " [%s]", rule);
	print_wrapped(screen->file, text.buffer, INDENT + LABEL_COLUMNS, HINT_COLUMNS);
	fputc('\n', screen->file);
}

static void print_causes(const struct screen *screen)
{
	const struct crash *crash = screen->crash;
	struct text label;
	TEXT_ON_STACK(label, 32);

	if (crash->made_so != NULL) {
		crash_cause_label(crash, &label);
		print_label(screen, label.buffer);
		print_fact(screen, crash->made_so, &screen->names->made_so);
	}
	print_hint(screen);
	if (crash->mapped_by != NULL && crash->mapped_by != crash->made_so) {
		print_label(screen, crash->mapped ? "mapped by" : "had mapped it");
		print_fact(screen, crash->mapped_by, &screen->names->mapped_by);
	}
	if (crash->other != NULL && crash->hint == CRASH_DOUBLE_UNMAP) {
		print_label(screen, "first unmap");
		print_fact(screen, crash->other, &screen->names->other);
	}
}

/* ------------------------------------------------------------------------ next */

static void print_next(const struct screen *screen)
{
	const struct crash *crash = screen->crash;
	const char *label = "next";

	if (crash->history.n > 0 && crash->kind != CRASH_SENT && crash->kind != CRASH_NO_ADDRESS) {
		print_label(screen, label);
		fprintf(screen->file, "mapledger why 0x%" PRIx64 " %s\n", crash->fault->address,
			screen->view->name);
		label = "";
	}
	if (crash->made_so != NULL && crash->made_so->number > 1) {
		print_label(screen, label);
		fprintf(screen->file, "mapledger map --at %" PRIu64 " %s\n",
			crash->made_so->number - 1, screen->view->name);
		label = "";
	}
	print_label(screen, label);
	fprintf(screen->file, "mapledger log %s\n", screen->view->name);
}

void crash_print(FILE *file, struct ledger_view *view, const struct crash *crash,
		 const struct crash_names *names, bool exact)
{
	const struct screen screen = { file, view, crash, names, exact };

	print_title(&screen);
	print_sentence(&screen);
	print_crashed_in(&screen);
	print_page(&screen);
	print_causes(&screen);
	fputc('\n', file);
	print_next(&screen);
}

/* ------------------------------------------------------------------------- JSON */

static void json_fact(struct json *json, const char *key, const struct ledger_view *view,
		      const struct fact *fact, const struct named_stack *stack)
{
	struct text call;
	TEXT_ON_STACK(call, 400);

	if (fact == NULL) {
		json_null(json, key);
		return;
	}
	json_object(json, key);
	json_unsigned(json, "event", fact->number);
	json_unsigned(json, "time_ns", ledger_reader_time_ns(view->reader, fact->ticks));
	if (fact->has_call) {
		call_text(&fact->call, fact->kind != FACT_IN_FLIGHT, &call);
		json_string(json, "call", call.buffer);
		json_unsigned(json, "tid", fact->call.tid);
	} else {
		json_string(json, "read_back", vm_reason_name(fact->reason));
	}
	stack_json(json, "stack", stack);
	json_end_object(json);
}

static void json_texts(struct json *json, const struct ledger_view *view, const struct crash *crash)
{
	struct text sentence, hint;

	TEXT_ON_STACK(sentence, 900);
	TEXT_ON_STACK(hint, 900);
	crash_sentence(crash, view, &sentence);
	crash_hint_sentence(crash, view, &hint);
	json_string(json, "kind", crash_kind_name(crash->kind));
	json_string(json, "sentence", sentence.buffer);
	json_string(json, "rule", crash_hint_rule(crash->hint));
	json_string(json, "hint", hint.len > 0 ? hint.buffer : NULL);
	json_bool(json, "unseen", crash->unseen);
}

void crash_print_json(struct ledger_view *view, const struct crash *crash,
		      const struct crash_names *names)
{
	struct json *json = json_create();

	json_object(json, NULL);
	json_string(json, "ledger", view->name);
	fault_json(json, "fault", view);
	json_texts(json, view, crash);
	stack_json(json, "crashed_in", &names->fault);
	if (crash->mapped) {
		json_object(json, "area");
		area_json(json, &view->replay.space, &crash->area);
		json_end_object(json);
	} else {
		json_null(json, "area");
	}
	json_fact(json, "made_so_by", view, crash->made_so, &names->made_so);
	json_fact(json, "mapped_by", view, crash->mapped_by, &names->mapped_by);
	json_end_object(json);
	json_destroy(json);
}
