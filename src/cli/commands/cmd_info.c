/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include "cli/commands/cmd_info.h"
#include "cli/open_ledger.h"
#include "cli/text/area_text.h"
#include "cli/text/call_text.h"
#include "cli/text/fault_text.h"
#include "cli/text/view_text.h"
#include "cli/text/word.h"
#include "query/compare.h"
#include "query/heap.h"
#include "query/words.h"
#include "vma/vm_call_format.h"

struct info_options {
	struct common_options common;
};

/* Everything the screen and the JSON say. */
struct info {
	struct ledger_view *view;
	const struct info_options *options;
	struct findings findings;
	enum view_state state;
	uint64_t duration_ns;
	uint64_t size;
	uint64_t disk_size;
	uint64_t n_areas;
	uint64_t n_child_ledgers;
	bool has_parent;
	char parent[PATH_MAX];
};

static uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void gather(struct info *info)
{
	struct ledger_view *view = info->view;
	const struct ledger_header *header = view->header;
	struct ledger_list children;
	char folder[PATH_MAX];
	struct stat st;

	compare_recorded(view, &info->findings);
	info->state = view_state(view);
	info->duration_ns = max_u64(ledger_reader_time_ns(view->reader, view->replay.ticks),
				    ledger_reader_time_ns(view->reader, header->last_ticks));
	if (stat(view->path, &st) == 0) {
		info->size = (uint64_t)st.st_size;
		info->disk_size = (uint64_t)st.st_blocks * 512;
	}
	info->n_areas = info->findings.with != COMPARED_NOTHING
				? info->findings.comparison.n_runs
				: canonical_count(&view->replay.space);
	ledger_children_folder(view->path, folder);
	children = ledger_list_folder(folder);
	info->n_child_ledgers = children.n;
	ledger_list_free(&children);
	info->has_parent = ledger_find_parent(view->path, header, info->parent);
}

/* ------------------------------------------------------------------ sentences */

static void text_command(const struct ledger_header *header, struct text *text)
{
	size_t len = header->command_len;

	if (len > sizeof(header->command))
		len = sizeof(header->command);
	while (len > 0 && header->command[len - 1] == '\0')
		len--;
	for (size_t i = 0; i < len; i++)
		text_name(text, header->command[i] != '\0' ? &header->command[i] : " ", 1);
	if (header->command_len > sizeof(header->command))
		text_string(text, " ...");
	if (len == 0)
		text_char(text, '?');
}

static void text_verdict(const struct info *info, struct text *text)
{
	uint64_t unexplained = vm_comparison_unexplained(&info->findings.comparison);

	if (info->findings.n_checks_different > 0) {
		text_format(text, "%s with a difference from the kernel's map: mapledger verify",
			    count_word(info->findings.n_checks_different, "call").s);
	} else if (info->findings.with == COMPARED_NOTHING) {
		text_string(text, "not verified");
	} else if (unexplained == 0) {
		text_string(text, "verified equal to the kernel's map");
		if (info->findings.with == COMPARED_EARLIER)
			text_format(text, " after #%" PRIu64 ", not at its end",
				    info->findings.event);
	} else {
		text_format(text, "%s from the kernel's map: mapledger verify",
			    count_word(unexplained, "difference").s);
	}
}

static void text_time(uint64_t realtime_ns, struct text *text)
{
	time_t seconds = (time_t)(realtime_ns / 1000000000);
	char buffer[64];
	struct tm tm;

	if (localtime_r(&seconds, &tm) == NULL ||
	    strftime(buffer, sizeof(buffer), "%Y-%m-%d %H:%M:%S", &tm) == 0)
		strcpy(buffer, "?");
	text_string(text, buffer);
}

static void text_field(struct text *text, const char *field, size_t size)
{
	size_t len = strnlen(field, size);

	if (len > 0)
		text_name(text, field, len);
	else
		text_char(text, '?');
}

/* "17 mmap, 12 mprotect": the most frequent first. */
static void text_calls(const struct replay_counts *counts, struct text *text)
{
	bool said[VM_OP_COUNT] = { false };

	for (;;) {
		unsigned best = VM_OP_NONE;

		for (unsigned op = VM_OP_NONE + 1; op < VM_OP_COUNT; op++)
			if (!said[op] && counts->by_op[op] > 0 &&
			    (best == VM_OP_NONE || counts->by_op[op] > counts->by_op[best]))
				best = op;
		if (best == VM_OP_NONE)
			break;
		said[best] = true;
		if (text->len > 0)
			text_string(text, ", ");
		text_format(text, "%" PRIu64 " %s", counts->by_op[best], vm_op_info(best)->name);
	}
	if (text->len == 0)
		text_string(text, "none");
}

static void text_tiers(const struct replay_counts *counts, struct text *text)
{
	for (unsigned tier = 0; tier < VM_TIER_COUNT; tier++) {
		if (counts->by_tier[tier] == 0)
			continue;
		if (text->len > 0)
			text_string(text, ", ");
		text_format(text, "%" PRIu64 " by %s", counts->by_tier[tier], vm_tier_name(tier));
	}
	if (counts->n_nested > 0) {
		text_format(text, "; %" PRIu64 " in signal handlers", counts->n_nested);
	}
	if (counts->n_unordered > 0) {
		text_format(text, "; %" PRIu64 " whose order is not known", counts->n_unordered);
	}
}

static const char *site_state_text(unsigned state)
{
	switch (state) {
	case LEDGER_SITE_PATCHED:
		return "patched";
	case LEDGER_SITE_FOREIGN:
		return "changed by somebody else";
	case LEDGER_SITE_TOO_FAR:
		return "too far away";
	case LEDGER_SITE_UNWRITABLE:
		return "not writable";
	case LEDGER_SITE_NO_STUB:
		return "too many";
	case LEDGER_SITE_UNPROVEN:
		return "perhaps no code";
	case LEDGER_SITE_TIGHT:
		return "no room for a jump";
	case LEDGER_SITE_RUNNING:
		return "running already";
	}
	return "unknown";
}

static uint64_t count_sites(const struct replay_counts *counts)
{
	uint64_t n = 0;

	for (size_t i = 0; i < sizeof(counts->n_sites) / sizeof(counts->n_sites[0]); i++)
		n += counts->n_sites[i];
	return n;
}

static void text_sites(const struct replay_counts *counts, struct text *text)
{
	const char *separator = ": ";

	text_format(text, "%" PRIu64 " found", count_sites(counts));
	for (unsigned i = 0; i < sizeof(counts->n_sites) / sizeof(counts->n_sites[0]); i++) {
		if (counts->n_sites[i] == 0)
			continue;
		text_format(text, "%s%" PRIu64 " %s", separator, counts->n_sites[i],
			    site_state_text(i));
		separator = ", ";
	}
}

static void text_resyncs(const struct replay_counts *counts, struct text *text)
{
	for (unsigned i = 0; i < VM_REASON_COUNT; i++) {
		if (counts->resyncs[i] == 0 || i == VM_REASON_CHECKPOINT)
			continue;
		if (text->len > 0)
			text_string(text, ", ");
		text_format(text, "%" PRIu64 " %s", counts->resyncs[i], vm_reason_name(i));
	}
	if (text->len == 0)
		text_string(text, "none");
}

/* verify=each: what was compared right after its call, and what could not be. */
static void text_checks(const struct info *info, struct text *text)
{
	const struct ledger_header *header = info->view->header;
	const struct vm_call *first = &info->findings.first_check;

	text_format(text, "%s compared at once, %" PRIu64 " differed",
		    count_word(header->n_checks, "call").s, info->findings.n_checks_different);
	if (header->n_checks_busy > 0) {
		text_format(text, "; %" PRIu64 " not compared while others went round the lock",
			    header->n_checks_busy);
	}
	if (header->n_checks_blind > 0) {
		text_format(text,
			    "; %" PRIu64 " not compared because the kernel could not be asked",
			    header->n_checks_blind);
	}
	if (info->findings.n_checks_different == 0)
		return;
	text_format(text, "; first difference after #%" PRIu64 " ", first->event);
	call_text(first, true, text);
}

static void text_parent(const struct info *info, struct text *text)
{
	static const char *const words[] = {
		[LEDGER_LINK_FORK] = "forked by pid ",
		[LEDGER_LINK_EXEC] = "executed by pid ",
		[LEDGER_LINK_SPAWN] = "started by pid ",
	};
	const struct ledger_header *header = info->view->header;

	if (header->link == LEDGER_LINK_NONE || header->link > LEDGER_LINK_SPAWN) {
		text_format(text, "pid %" PRIu32, header->ppid);
		return;
	}
	text_format(text, "%s%" PRIu32, words[header->link],
		    header->link == LEDGER_LINK_EXEC ? header->pid : header->ppid);
	if (header->link == LEDGER_LINK_FORK)
		text_format(text, " after its event #%" PRIu64, header->parent_event);
	if (info->has_parent) {
		text_string(text, ", in ");
		text_name(text, info->parent, strlen(info->parent));
	}
}

static void text_file(const struct info *info, struct text *text)
{
	const struct ledger_view *view = info->view;

	text_name(text, view->name, strlen(view->name));
	text_format(text, ", %s (%s on disk)", size_word(info->size, info->options->common.bytes).s,
		    size_word(info->disk_size, info->options->common.bytes).s);
	if (view->first_event <= 1)
		return;
	text_format(text, "; events #1 to #%" PRIu64 " were overwritten", view->first_event - 1);
}

/* --------------------------------------------------------------------- screen */

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
	text_verdict(info, text);
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
	text_calls(counts, field_begin(&field, "calls"));
	if (counts->n_failed > 0) {
		text_format(&field.text, "; %" PRIu64 " failed", counts->n_failed);
	}
	field_print(&field);
	text_tiers(counts, field_begin(&field, "caught"));
	if (field.text.len > 0)
		field_print(&field);
	text_sites(counts, field_begin(&field, "call sites"));
	field_print(&field);
	text_resyncs(counts, field_begin(&field, "read back"));
	field_print(&field);
	if (info->view->header->n_checks + info->view->header->n_checks_blind > 0 ||
	    info->findings.n_checks_different > 0) {
		text_checks(info, field_begin(&field, "checks"));
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

	text_command(header, field_begin(&field, "command"));
	field_print(&field);
	text_field(field_begin(&field, "executable"), header->executable,
		   sizeof(header->executable));
	field_print(&field);
	text = field_begin(&field, "started");
	text_time(header->start_realtime_ns, text);
	text_format(text, ", recorded for %s", duration_word(info->duration_ns).s);
	field_print(&field);
	text_parent(info, field_begin(&field, "parent"));
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
	text_field(text, header->kernel_release, sizeof(header->kernel_release));
	text_string(text, ", recorded by mapledger ");
	text_field(text, header->shim_version, sizeof(header->shim_version));
	field_print(&field);
}

static void print_file(const struct info *info)
{
	const struct ledger_header *header = info->view->header;
	const char *damage = info->view->damage;
	struct field field;
	struct text *text;

	text_file(info, field_begin(&field, "file"));
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

/* ----------------------------------------------------------------------- JSON */

static const char *state_name(enum view_state state)
{
	static const char *const names[] = {
		[VIEW_RUNNING] = "running", [VIEW_EXITED] = "exited",	[VIEW_EXECED] = "executed",
		[VIEW_LOST] = "lost",	    [VIEW_STOPPED] = "stopped", [VIEW_CRASHED] = "crashed",
	};

	return names[state];
}

static void json_process(struct json *json, const struct info *info)
{
	const struct ledger_header *header = info->view->header;
	size_t len = header->command_len;
	size_t at = 0;

	if (len > sizeof(header->command))
		len = sizeof(header->command);
	json_unsigned(json, "pid", header->pid);
	json_unsigned(json, "ppid", header->ppid);
	json_bytes(json, "executable", header->executable,
		   strnlen(header->executable, sizeof(header->executable)));
	json_array(json, "command");
	while (at < len) {
		size_t word = strnlen(header->command + at, len - at);

		json_bytes(json, NULL, header->command + at, word);
		at += word + 1;
	}
	json_end_array(json);
	json_string(json, "state", state_name(info->state));
	if (info->state == VIEW_EXITED)
		json_signed(json, "exit_status", header->exit_status);
	fault_json(json, "fault", info->view);
	json_unsigned(json, "start_realtime_ns", header->start_realtime_ns);
	json_unsigned(json, "duration_ns", info->duration_ns);
	json_bytes(json, "kernel", header->kernel_release,
		   strnlen(header->kernel_release, sizeof(header->kernel_release)));
	json_bytes(json, "shim_version", header->shim_version,
		   strnlen(header->shim_version, sizeof(header->shim_version)));
	if (info->has_parent)
		json_string(json, "parent_ledger", info->parent);
	else
		json_null(json, "parent_ledger");
	json_unsigned(json, "n_forks", info->view->n_forks);
	json_unsigned(json, "n_child_ledgers", info->n_child_ledgers);
}

static void json_counts(struct json *json, const struct info *info)
{
	const struct replay_counts *counts = &info->view->replay.counts;

	json_unsigned(json, "first_event", info->view->first_event);
	json_unsigned(json, "last_event", info->view->last_event);
	json_unsigned(json, "n_calls", counts->n_calls);
	json_unsigned(json, "n_failed", counts->n_failed);
	json_unsigned(json, "n_changes", counts->n_changes);
	json_unsigned(json, "n_nested", counts->n_nested);
	json_unsigned(json, "n_unordered", counts->n_unordered);
	json_unsigned(json, "n_unrecorded", info->view->header->n_unrecorded);
	json_unsigned(json, "n_unapplied", info->view->replay.space.n_unapplied);
	json_unsigned(json, "n_bad_lines", info->view->header->n_bad_lines);
	json_object(json, "calls");
	for (unsigned op = VM_OP_NONE + 1; op < VM_OP_COUNT; op++)
		if (counts->by_op[op] > 0)
			json_unsigned(json, vm_op_info(op)->name, counts->by_op[op]);
	json_end_object(json);
	json_object(json, "tiers");
	for (unsigned tier = 0; tier < VM_TIER_COUNT; tier++)
		if (counts->by_tier[tier] > 0)
			json_unsigned(json, vm_tier_name(tier), counts->by_tier[tier]);
	json_end_object(json);
	json_object(json, "resyncs");
	for (unsigned i = 0; i < VM_REASON_COUNT; i++)
		if (counts->resyncs[i] > 0)
			json_unsigned(json, vm_reason_name(i), counts->resyncs[i]);
	json_end_object(json);
	json_unsigned(json, "n_resyncs_that_changed", counts->resync_changes);
	json_object(json, "resyncs_that_changed");
	for (unsigned i = 0; i < VM_REASON_COUNT; i++)
		if (info->view->changes[i] > 0)
			json_unsigned(json, vm_reason_name(i), info->view->changes[i]);
	json_end_object(json);
	json_unsigned(json, "n_sites", count_sites(counts));
	json_unsigned(json, "n_sites_patched", counts->n_sites[LEDGER_SITE_PATCHED]);
	json_unsigned(json, "n_areas", info->n_areas);
}

static void print_json(const struct info *info)
{
	const char *damage = info->view->damage;
	struct json *json = json_create();

	json_object(json, NULL);
	json_string(json, "ledger", info->view->name);
	json_process(json, info);
	json_counts(json, info);
	json_bool(json, "verified", info->findings.with != COMPARED_NOTHING);
	json_unsigned(json, "n_differences", vm_comparison_unexplained(&info->findings.comparison));
	json_unsigned(json, "n_checks", info->view->header->n_checks);
	json_unsigned(json, "n_checks_busy", info->view->header->n_checks_busy);
	json_unsigned(json, "n_checks_blind", info->view->header->n_checks_blind);
	json_unsigned(json, "n_checks_different", info->findings.n_checks_different);
	json_unsigned(json, "size", info->size);
	json_unsigned(json, "disk_size", info->disk_size);
	json_string(json, "damage", damage);
	json_end_object(json);
	json_destroy(json);
}

/* ---------------------------------------------------------------- the command */

static void show(struct info *info)
{
	gather(info);
	if (info->options->common.json) {
		print_json(info);
		return;
	}
	print_head(info);
	print_calls(info);
	print_notes(info);
	print_process(info);
	print_file(info);
}

static int show_view(struct ledger_view *view, const void *options)
{
	struct info *info = heap_array(1, sizeof(*info));

	info->view = view;
	info->options = options;
	show(info);
	findings_free(&info->findings);
	free(info);
	return CLI_FINE;
}

static int cmd_info(const void *given, int n_operands, char **operands)
{
	const struct info_options *options = given;

	return open_and_show(&options->common, n_operands, operands, show_view, options);
}

static const struct option_row rows[] = {
	COMMON_ROW(struct info_options, PID),  COMMON_ROW(struct info_options, BYTES),
	COMMON_ROW(struct info_options, JSON), COMMON_ROW(struct info_options, COLOR),
	COMMON_ROW(struct info_options, HELP),
};

const struct command command_info = {
	.name = "info",
	.usage = "[OPTION...] [FILE]",
	.summary = "what a ledger holds: the process, its calls, coverage, integrity",
	.details = COMMAND_DETAILS_OF_FILE "`mapledger FILE' is short for `mapledger info FILE'.\n",
	COMMAND_OPTIONS(struct info_options, rows),
	.run = cmd_info,
	.trouble = CLI_TROUBLE,
};
