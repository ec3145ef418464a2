/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "cli/commands/cmd_verify.h"
#include "cli/options/open_ledger.h"
#include "cli/text/area_text.h"
#include "cli/text/call_text.h"
#include "cli/text/view_text.h"
#include "cli/text/word.h"
#include "query/compare.h"
#include "query/words.h"
#include "vma/vm_call_format.h"

struct verify_options {
	struct common_options common;
	bool all; /* children's ledgers, too */
};

/* ------------------------------------------------------------------- the text */

static void print_area(const struct ledger_view *view, const struct memory_area *area)
{
	struct text text;
	TEXT_ON_STACK(text, 400);

	text_format(&text, "%s %s ", perm_word(area->flags).s,
		    area_kind_name(area_kind(&view->replay.space, area)));
	area_what(&view->replay.space, area, &text);
	fputs(text.buffer, stdout);
}

/* "ledger rw-p anon, kernel r--p anon" */
static void print_sides(const struct ledger_view *view, const struct found_difference *found)
{
	if (found->has_kernel && found->has_ours)
		fputs("ledger ", stdout);
	if (found->has_ours)
		print_area(view, &found->ours);
	if (found->has_kernel && found->has_ours)
		fputs(", kernel ", stdout);
	if (found->has_kernel)
		print_area(view, &found->kernel);
}

static void print_frame(const struct found_difference *found)
{
	if (found->before == 0)
		printf("before the first event");
	else if (found->after == 0)
		printf("between the start and #%" PRIu64, found->before);
	else if (found->after == found->before)
		printf("at #%" PRIu64, found->before);
	else
		printf("between #%" PRIu64 " and #%" PRIu64, found->after, found->before);
}

static void print_place(const struct verify_options *options, const struct found_difference *found)
{
	struct text size;
	TEXT_ON_STACK(size, 32);

	text_size(&size, found->range.end - found->range.start, options->common.bytes);
	paint(VM_DIFF_IS_TOLERANCE(found->kind) ? PAINT_QUIET : PAINT_DANGER);
	printf("  %-12s", vm_diff_name(found->kind));
	paint(PAINT_NONE);
	printf("  %012" PRIx64 "-%012" PRIx64 "  %6s  ", found->range.start, found->range.end,
	       size.buffer);
}

static void print_difference(const struct ledger_view *view, const struct verify_options *options,
			     const struct found_difference *found)
{
	print_place(options, found);
	print_sides(view, found);
	fputs("; ", stdout);
	print_frame(found);
	putchar('\n');
}

/* What verify=each saw: calls are compared one by one, so a difference has a name. */
static void print_checks(const struct ledger_view *view, const struct verify_options *options,
			 const struct findings *findings)
{
	const struct ledger_header *header = view->header;
	struct text call;
	TEXT_ON_STACK(call, 512);

	if (header->n_checks == 0 && findings->n_checks_different == 0)
		return;
	printf("  %" PRIu64 " call%s compared at once, %" PRIu64 " differed\n", header->n_checks,
	       header->n_checks == 1 ? "" : "s", findings->n_checks_different);
	if (findings->n_checks_different == 0)
		return;
	call_text(&findings->first_check, true, &call);
	paint(PAINT_DANGER);
	printf("  first difference after #%" PRIu64 " %s\n", findings->first_check.event,
	       call.buffer);
	paint(PAINT_NONE);
	if (findings->first_difference.kind == VM_DIFF_NONE)
		return;
	print_place(options, &findings->first_difference);
	print_sides(view, &findings->first_difference);
	putchar('\n');
}

static void print_differences(const struct ledger_view *view, const struct verify_options *options,
			      const struct findings *findings)
{
	uint64_t unexplained = vm_comparison_unexplained(&findings->comparison);
	uint64_t n_printed = 0;

	for (size_t i = 0; i < findings->n_found; i++) {
		if (VM_DIFF_IS_TOLERANCE(findings->found[i].kind))
			continue;
		print_difference(view, options, &findings->found[i]);
		n_printed++;
	}
	if (n_printed < unexplained)
		printf("  ... and %" PRIu64 " more\n", unexplained - n_printed);
}

static void print_tolerances(const struct findings *findings)
{
	for (unsigned i = VM_DIFF_STACK_GROWTH; i < VM_DIFF_COUNT; i++)
		if (findings->comparison.count[i] > 0)
			printf("  tolerated: %" PRIu64 " %s: %s\n", findings->comparison.count[i],
			       vm_diff_name(i), vm_diff_text(i));
}

static const char *moment_words(enum compared_with with)
{
	switch (with) {
	case COMPARED_PROCESS:
		return "now, after";
	case COMPARED_EARLIER:
		return "when it last asked, after";
	default:
		return "at its end, after";
	}
}

static void print_verdict(const struct ledger_view *view, const struct findings *findings)
{
	uint64_t unexplained = vm_comparison_unexplained(&findings->comparison);
	const struct vm_comparison *comparison = &findings->comparison;
	struct text program;
	TEXT_ON_STACK(program, 300);

	view_program(view, &program);
	paint(unexplained == 0 ? PAINT_HEAD : PAINT_DANGER);
	if (unexplained == 0)
		printf("ledger and kernel agree on %" PRIu64 " area%s", comparison->n_runs,
		       comparison->n_runs == 1 ? "" : "s");
	else
		printf("ledger and kernel differ in %" PRIu64 " place%s, and agree on %" PRIu64
		       " of %" PRIu64 " areas",
		       unexplained, unexplained == 1 ? "" : "s", comparison->n_equal,
		       comparison->n_runs);
	paint(PAINT_NONE);
	printf("     %s, pid %" PRIu32 ", %s #%" PRIu64 "\n", program.buffer, view->header->pid,
	       moment_words(findings->with), findings->event);
}

static void print_nothing(const struct ledger_view *view)
{
	enum view_state state = view_state(view);
	struct text text;
	TEXT_ON_STACK(text, 300);

	view_program(view, &text);
	text_format(&text, ", pid %" PRIu32 ", ", view->header->pid);
	view_state_text(view, state, &text);
	printf("nothing to compare with: %s", text.buffer);
	if (state == VIEW_RUNNING)
		printf("; try: mapledger verify -p %" PRIu32, view->header->pid);
	putchar('\n');
}

static void print_text(const struct ledger_view *view, const struct verify_options *options,
		       const struct findings *findings)
{
	if (findings->with == COMPARED_NOTHING)
		print_nothing(view);
	else
		print_verdict(view, findings);
	print_checks(view, options, findings);
	print_differences(view, options, findings);
	print_tolerances(findings);
	if (!findings->stable)
		printf("  note: the map changed at every reading; only differences that stayed "
		       "are shown\n");
}

/* ------------------------------------------------------------------- the JSON */

static void json_area(struct json *json, const char *key, const struct ledger_view *view,
		      const struct memory_area *area)
{
	json_object(json, key);
	area_json(json, &view->replay.space, area);
	json_end_object(json);
}

static void json_difference(struct json *json, const struct ledger_view *view,
			    const struct found_difference *found)
{
	json_object(json, NULL);
	json_string(json, "kind", vm_diff_name(found->kind));
	json_bool(json, "tolerated", VM_DIFF_IS_TOLERANCE(found->kind));
	json_address(json, "start", found->range.start);
	json_address(json, "end", found->range.end);
	json_unsigned(json, "after_event", found->after);
	json_unsigned(json, "before_event", found->before);
	if (found->has_ours)
		json_area(json, "ledger", view, &found->ours);
	if (found->has_kernel)
		json_area(json, "kernel", view, &found->kernel);
	json_end_object(json);
}

static void json_checks(struct json *json, const struct ledger_view *view,
			const struct findings *findings)
{
	struct text call;
	TEXT_ON_STACK(call, 512);

	json_object(json, "checks");
	json_unsigned(json, "n", view->header->n_checks);
	json_unsigned(json, "n_busy", view->header->n_checks_busy);
	json_unsigned(json, "n_blind", view->header->n_checks_blind);
	json_unsigned(json, "n_different", findings->n_checks_different);
	if (findings->n_checks_different > 0) {
		vm_call_format(&call, &findings->first_check, true);
		json_unsigned(json, "first_event", findings->first_check.event);
		json_bytes(json, "first_call", call.buffer, call.len);
	}
	if (findings->first_difference.kind != VM_DIFF_NONE) {
		json_array(json, "first_difference");
		json_difference(json, view, &findings->first_difference);
		json_end_array(json);
	}
	json_end_object(json);
}

static const char *with_name(enum compared_with with)
{
	static const char *const names[] = {
		[COMPARED_NOTHING] = "nothing",
		[COMPARED_EARLIER] = "map recorded on request",
		[COMPARED_EXIT] = "map recorded at exit",
		[COMPARED_PROCESS] = "running process",
	};

	return names[with];
}

static void print_json(const struct ledger_view *view, const struct findings *findings)
{
	uint64_t unexplained = vm_comparison_unexplained(&findings->comparison);
	const char *damage = view->damage;
	struct json *json = json_create();

	json_object(json, NULL);
	json_string(json, "ledger", view->name);
	json_unsigned(json, "pid", view->header->pid);
	json_string(json, "compared_with", with_name(findings->with));
	json_bool(json, "equal", findings->with != COMPARED_NOTHING && unexplained == 0);
	json_unsigned(json, "event", findings->event);
	json_unsigned(json, "n_areas", findings->comparison.n_runs);
	json_unsigned(json, "n_equal", findings->comparison.n_equal);
	json_unsigned(json, "n_differences", unexplained);
	json_object(json, "tolerated");
	for (unsigned i = VM_DIFF_STACK_GROWTH; i < VM_DIFF_COUNT; i++)
		if (findings->comparison.count[i] > 0)
			json_unsigned(json, vm_diff_name(i), findings->comparison.count[i]);
	json_end_object(json);
	json_array(json, "differences");
	for (size_t i = 0; i < findings->n_found; i++)
		json_difference(json, view, &findings->found[i]);
	json_end_array(json);
	json_checks(json, view, findings);
	json_string(json, "damage", damage);
	json_end_object(json);
	json_destroy(json);
}

/* ---------------------------------------------------------------- the command */

/* Of several ledgers, those that end because another program began can't be compared. */
static bool is_excused(const struct ledger_view *view, const struct verify_options *options)
{
	return options->all && view_state(view) == VIEW_EXECED;
}

static int verdict_of(const struct ledger_view *view, const struct verify_options *options,
		      const struct findings *findings)
{
	if (findings_differ(findings))
		return CLI_DIFFERENT;
	if (view->damage != NULL)
		return CLI_UNSURE;
	if (findings->with == COMPARED_NOTHING && !is_excused(view, options))
		return CLI_UNSURE;
	return CLI_FINE;
}

static int show(struct ledger_view *view, const struct verify_options *options,
		const struct findings *findings)
{
	const char *damage = view->damage;

	if (options->common.json) {
		print_json(view, findings);
		return verdict_of(view, options, findings);
	}
	if (options->all)
		printf("%s: ", view->name);
	print_text(view, options, findings);
	if (damage != NULL)
		printf("  damaged: %s\n", damage);
	return verdict_of(view, options, findings);
}

static int verify_one(const struct verify_options *options, const char *path, const char *name)
{
	struct findings findings = { 0 };
	struct ledger_view view;
	bool good;
	int code;

	if (!open_view(&view, path, name))
		return CLI_TROUBLE;
	if (options->common.pid == 0)
		compare_recorded(&view, &findings);
	good = options->common.pid == 0 || compare_live(&view, options->common.pid, &findings);
	code = good ? show(&view, options, &findings) : open_say_problems(&view);
	findings_free(&findings);
	view_close(&view);
	return code;
}

/* Trouble is worse than differences, and these worse than having nothing to compare. */
static int worse(int a, int b)
{
	static const int rank[] = {
		[CLI_FINE] = 0, [CLI_UNSURE] = 1, [CLI_DIFFERENT] = 2, [CLI_TROUBLE] = 3
	};

	return rank[a] > rank[b] ? a : b;
}

static int verify_children(const struct verify_options *options, const char *path)
{
	struct ledger_list children;
	char folder[PATH_MAX];
	int code = CLI_FINE;

	ledger_children_folder(path, folder);
	children = ledger_list_folder(folder);
	for (size_t i = 0; i < children.n; i++)
		code = worse(code, verify_one(options, children.paths[i], children.paths[i]));
	ledger_list_free(&children);
	return code;
}

static int cmd_verify(const void *given, int n_operands, char **operands)
{
	const struct verify_options *options = given;
	struct found_ledger found;
	int code;

	if (options->all && options->common.pid != 0) {
		complain("verify: --all is for files, not for a running process");
		return CLI_TROUBLE;
	}
	if (!open_find_ledger(options->common.pid, n_operands, operands, &found))
		return CLI_TROUBLE;
	code = verify_one(options, found.path, found.name);
	if (options->all)
		code = worse(code, verify_children(options, found.path));
	return code;
}

static const struct option_row rows[] = {
	COMMON_ROW(struct verify_options, PID),
	{ "all", 0, NULL, "the ledgers of its children, too",
	  OPTION_FLAG(struct verify_options, all) },
	COMMON_ROW(struct verify_options, BYTES),
	COMMON_ROW(struct verify_options, JSON),
	COMMON_ROW(struct verify_options, COLOR),
	COMMON_ROW(struct verify_options, HELP),
};

const struct command command_verify = {
	.name = "verify",
	.usage = "[OPTION...] [FILE]",
	.summary = "compare a ledger with the kernel's map",
	.details = COMMAND_DETAILS_OF_FILE
	"\n"
	"With -p the map of the running process is read now; otherwise the map that was\n"
	"recorded at its exit is used.\n"
	"\n"
	"Exit status: 0 equal, 1 differences, 2 can't be read, 3 nothing to compare with, or\n"
	"the ledger is damaged.\n",
	COMMAND_OPTIONS(struct verify_options, rows),
	.run = cmd_verify,
	.trouble = CLI_TROUBLE,
};
