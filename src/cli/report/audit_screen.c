/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>
#include "cli/text/word.h"
#include "cli/report/audit_screen.h"
#include "cli/text/call_text.h"
#include "cli/text/output.h"

static enum paint paint_of(enum audit_severity severity)
{
	return severity == AUDIT_ERROR	   ? PAINT_DANGER
	       : severity == AUDIT_WARNING ? PAINT_HEAD
					   : PAINT_NONE;
}

static void print_head(FILE *file, const struct audit_finding *finding)
{
	struct text text;
	TEXT_ON_STACK(text, 200);

	text_string(&text, audit_severity_name(finding->severity));
	text_pad(&text, 8);
	text_format(&text, "%s  %s", finding->rule->id, finding->rule->title);
	if (finding->event != 0) {
		text_pad(&text, 84);
		text_format(&text, "  #%" PRIu64, finding->event);
	}
	if (file == stdout)
		paint(paint_of(finding->severity));
	fputs(text.buffer, file);
	if (file == stdout)
		paint(PAINT_NONE);
	fputc('\n', file);
}

/* Of the lines below a finding's head, which end at column 100. */
#define INDENT	8
#define COLUMNS 92

static void print_call(FILE *file, const struct audit_row *row)
{
	const struct audit_finding *finding = row->finding;
	struct text call, who;

	TEXT_ON_STACK(call, 400);
	TEXT_ON_STACK(who, 400);
	if (finding->event == 0)
		return;
	if (finding->call.op != VM_OP_NONE)
		call_text(&finding->call, true, &call);
	if (row->stack != NULL)
		stack_line(row->stack, &who);
	if (call.len > 0)
		fprintf(file, "        %s\n", call.buffer);
	if (who.len > 0)
		fprintf(file, "        by %s\n", who.buffer);
	if (finding->count > 1 && finding->last_event > finding->event)
		fprintf(file, "        %" PRIu64 " times, the last in #%" PRIu64 "\n",
			finding->count, finding->last_event);
}

static void print_victim(FILE *file, const struct audit_row *row)
{
	struct text who;
	TEXT_ON_STACK(who, 400);

	if (row->finding->victim == 0)
		return;
	if (row->victim_stack != NULL)
		stack_line(row->victim_stack, &who);
	fprintf(file, "        victim: the mapping of #%" PRIu64 "%s%s\n", row->finding->victim,
		who.len > 0 ? ", by " : "", who.buffer);
}

static void print_row(FILE *file, const struct audit_row *row)
{
	print_head(file, row->finding);
	if (row->finding->message[0] != '\0') {
		print_wrapped(file, row->finding->message, INDENT, COLUMNS);
		fputc('\n', file);
	}
	print_call(file, row);
	print_victim(file, row);
	fprintf(file, "        fix: %s\n", row->finding->rule->fix);
}

static void say_counts(const struct audit_report *report, struct text *text)
{
	text_format(text, "%s, %s, %s", count_word(report->counts[AUDIT_ERROR], "error").s,
		    count_word(report->counts[AUDIT_WARNING], "warning").s,
		    count_word(report->counts[AUDIT_NOTE], "note").s);
	if (report->n_suppressed > 0) {
		text_format(text, "; %" PRIu64 " suppressed", report->n_suppressed);
	}
	if (report->n_old > 0) {
		text_format(text, "; %" PRIu64 " in the baseline", report->n_old);
	}
}

/* How many of the calls have a stack: rules about owners are silent about the others. */
static void say_stacks(const struct audit_report *report, struct text *text)
{
	const struct replay_counts *counts = &report->view->replay.counts;

	if (counts->n_calls == 0 || counts->n_stacked == counts->n_calls)
		return;
	text_format(text, "   (%" PRIu64 " of %s without a stack)",
		    counts->n_calls - counts->n_stacked, count_word(counts->n_calls, "call").s);
}

void audit_print(FILE *file, const struct audit_report *report, bool all)
{
	const char *example = NULL;
	struct text text;
	TEXT_ON_STACK(text, 300);

	for (size_t i = 0; i < report->n; i++) {
		const struct audit_row *row = &report->rows[i];

		if ((row->suppressed || row->is_old) && !all)
			continue;
		print_row(file, row);
		if (example == NULL)
			example = row->finding->rule->id;
	}
	say_counts(report, &text);
	say_stacks(report, &text);
	if (example != NULL)
		text_format(&text, "   mapledger audit --explain %s", example);
	fprintf(file, "%s\n", text.buffer);
}

/* ------------------------------------------------------------------------- JSON */

static void json_row(struct json *json, const struct audit_report *report,
		     const struct audit_row *row)
{
	const struct audit_finding *finding = row->finding;
	struct text call;
	TEXT_ON_STACK(call, 400);

	json_object(json, NULL);
	json_string(json, "rule", finding->rule->id);
	json_string(json, "name", finding->rule->name);
	json_string(json, "severity", audit_severity_name(finding->severity));
	json_string(json, "title", finding->rule->title);
	json_string(json, "message", finding->message);
	json_string(json, "fingerprint", row->fingerprint);
	json_bool(json, "suppressed", row->suppressed);
	json_bool(json, "old", row->is_old);
	if (finding->event != 0) {
		if (finding->call.op != VM_OP_NONE)
			call_text(&finding->call, true, &call);
		json_unsigned(json, "event", finding->event);
		json_unsigned(json, "last_event", finding->last_event);
		json_unsigned(json, "count", finding->count);
		json_unsigned(json, "time_ns",
			      ledger_reader_time_ns(report->view->reader, finding->ticks));
		json_unsigned(json, "tid", finding->tid);
		json_string(json, "call", call.len > 0 ? call.buffer : NULL);
	}
	if (finding->range.end > finding->range.start) {
		json_address(json, "start", finding->range.start);
		json_address(json, "end", finding->range.end);
	}
	if (row->stack != NULL)
		stack_json(json, "stack", row->stack);
	if (finding->victim != 0) {
		json_unsigned(json, "victim", finding->victim);
		if (row->victim_stack != NULL)
			stack_json(json, "victim_stack", row->victim_stack);
	}
	if (finding->other != 0)
		json_unsigned(json, "other", finding->other);
	json_end_object(json);
}

void audit_print_json(const struct audit_report *report, struct json *json)
{
	json_object(json, NULL);
	json_string(json, "ledger", report->view->name);
	json_unsigned(json, "errors", report->counts[AUDIT_ERROR]);
	json_unsigned(json, "warnings", report->counts[AUDIT_WARNING]);
	json_unsigned(json, "notes", report->counts[AUDIT_NOTE]);
	json_unsigned(json, "suppressed", report->n_suppressed);
	json_unsigned(json, "old", report->n_old);
	json_array(json, "findings");
	for (size_t i = 0; i < report->n; i++)
		json_row(json, report, &report->rows[i]);
	json_end_array(json);
	json_end_object(json);
}

/* ------------------------------------------------------------------ suppressions */

/* One line that would suppress each finding: by function, or by module. */
void audit_print_suppressions(const struct audit_report *report)
{
	for (size_t i = 0; i < report->n; i++) {
		const struct audit_row *row = &report->rows[i];
		const struct named_frame *frame = stack_first_frame(row->stack);

		if (row->suppressed)
			continue;
		if (frame == NULL) {
			printf("# %s has no stack: %s\n%s:path:%s\n", row->finding->rule->id,
			       row->finding->message, row->finding->rule->id,
			       report->view->header->executable);
			continue;
		}
		if (frame->function != NULL)
			printf("%s:fun:%s\n", row->finding->rule->id, frame->function);
		else
			printf("%s:obj:%s\n", row->finding->rule->id, frame->module);
	}
}
