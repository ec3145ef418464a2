/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>
#include "cli/commands/info_screen.h"
#include "cli/commands/info_text.h"
#include "cli/text/area_text.h"
#include "cli/text/view_text.h"
#include "cli/text/word.h"
#include "vma/vm_call_format.h"

struct field {
	const char *label;
	struct text text;
	char buffer[2600];
};

static struct text *field_begin(struct field *field, const char *label)
{
	field->label = label;
	text_init(&field->text, field->buffer, sizeof(field->buffer));
	return &field->text;
}

static void field_print(const struct field *field)
{
	printf("  %-12s %s\n", field->label, field->buffer);
}

static void print_head(const struct info *info)
{
	const struct ledger_view *view = info->view;
	struct field field;
	struct text *text = field_begin(&field, "");

	view_program(view, text);
	text_format(text, ", pid %" PRIu32 ", ", view->header->pid);
	view_state_text(view, info->state, text);
	text_format(text, ": %s, %s, ", count_word(view->replay.counts.n_calls, "call").s,
		    count_word(info->n_areas, "area").s);
	info_say_verdict(info, text);
	paint(findings_differ(&info->findings) ? PAINT_DANGER : PAINT_HEAD);
	puts(field.buffer);
	paint(PAINT_NONE);
}

static void print_calls(const struct info *info)
{
	const struct replay_counts *counts = &info->view->replay.counts;
	struct field field;

	view_coverage_text(info->view, field_begin(&field, "coverage"));
	field_print(&field);
	info_say_calls(counts, field_begin(&field, "calls"));
	if (counts->n_failed > 0) {
		text_format(&field.text, "; %" PRIu64 " failed", counts->n_failed);
	}
	field_print(&field);
	info_say_tiers(counts, field_begin(&field, "caught"));
	if (field.text.len > 0)
		field_print(&field);
	info_say_sites(counts, field_begin(&field, "call sites"));
	field_print(&field);
	info_say_resyncs(counts, field_begin(&field, "read back"));
	field_print(&field);
	if (info->view->header->n_checks + info->view->header->n_checks_blind > 0 ||
	    info->findings.n_checks_different > 0) {
		info_say_checks(info, field_begin(&field, "checks"));
		field_print(&field);
	}
	if (info->view->replay.in_flight.op != VM_OP_NONE) {
		struct text *text = field_begin(&field, "in flight");

		vm_call_format(text, &info->view->replay.in_flight, false);
		field_print(&field);
	}
}

static void print_note(const char *sentence, uint64_t times)
{
	struct field field;
	struct text *text = field_begin(&field, "note");

	text_name(text, sentence, strlen(sentence));
	if (times > 1)
		text_format(text, " (%" PRIu64 " times)", times);
	field_print(&field);
}

/* Tiers that are not live and what else the shim had to say; said again is counted. */
static void print_notes(const struct info *info)
{
	struct ledger_reader *reader = info->view->reader;
	struct ledger_entry entry;
	char last[512] = "";
	uint64_t times = 0;

	ledger_reader_rewind(reader);
	while (ledger_reader_next(reader, &entry)) {
		if (entry.kind != LEDGER_NOTE)
			continue;
		if (times > 0 && strncmp(last, entry.note.text, sizeof(last) - 1) != 0) {
			print_note(last, times);
			times = 0;
		}
		snprintf(last, sizeof(last), "%s", entry.note.text);
		times++;
	}
	if (times > 0)
		print_note(last, times);
}

static void print_process(const struct info *info)
{
	const struct ledger_header *header = info->view->header;
	struct field field;
	struct text *text;

	info_say_command(header, field_begin(&field, "command"));
	field_print(&field);
	info_say_field(field_begin(&field, "executable"), header->executable,
		       sizeof(header->executable));
	field_print(&field);
	text = field_begin(&field, "started");
	info_say_time(header->start_realtime_ns, text);
	text_format(text, ", recorded for %s", duration_word(info->duration_ns).s);
	field_print(&field);
	info_say_parent(info, field_begin(&field, "parent"));
	field_print(&field);
	text = field_begin(&field, "children");
	text_format(text, "%s, %s", count_word(info->view->n_forks, "fork").s,
		    count_word(info->n_child_ledgers, "ledger").s);
	if (info->n_child_ledgers > 0) {
		text_string(text, " in ");
		text_name(text, info->view->name, strlen(info->view->name));
		text_string(text, ".d/");
	}
	field_print(&field);
	text = field_begin(&field, "system");
	text_string(text, "Linux ");
	info_say_field(text, header->kernel_release, sizeof(header->kernel_release));
	text_string(text, ", recorded by mapledger ");
	info_say_field(text, header->shim_version, sizeof(header->shim_version));
	field_print(&field);
}

static void print_file(const struct info *info)
{
	const struct ledger_header *header = info->view->header;
	const char *damage = info->view->damage;
	struct field field;
	struct text *text;

	info_say_file(info, field_begin(&field, "file"));
	field_print(&field);
	text = field_begin(&field, "integrity");
	text_string(text, damage != NULL ? "damaged: " : "whole");
	if (damage != NULL)
		text_name(text, damage, strlen(damage));
	if (header->n_unrecorded > 0 && info->state != VIEW_STOPPED) {
		text_format(text, "; %s missed", count_word(header->n_unrecorded, "call").s);
	}
	if (header->n_bad_lines > 0) {
		text_format(text, "; %s of the kernel's map could not be read",
			    count_word(header->n_bad_lines, "line").s);
	}
	if (info->view->replay.space.n_unapplied > 0) {
		text_format(text, "; %s whose result does not fit the map",
			    count_word(info->view->replay.space.n_unapplied, "call").s);
	}
	paint(damage != NULL ? PAINT_DANGER : PAINT_NONE);
	field_print(&field);
	paint(PAINT_NONE);
}

void info_print(const struct info *info)
{
	print_head(info);
	print_calls(info);
	print_notes(info);
	print_process(info);
	print_file(info);
}
