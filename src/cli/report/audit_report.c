/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "cli/options/open_ledger.h"
#include "cli/report/audit_baseline.h"
#include "cli/report/audit_report.h"
#include "cli/text/output.h"
#include "query/heap.h"
#include "audit/rules_expect.h"
#include "query/compare.h"
#include "query/crash.h"
#include "cli/text/crash_text.h"
#include "cli/text/fault_text.h"
#include "query/history.h"

/* --------------------------------------------------------------------- folding */

struct auditing {
	struct ledger_view *view;
	struct audit *audit;
	struct ledger_trace trace;
};

static struct audit_event event_of(struct auditing *auditing, const struct history_event *event)
{
	struct audit_event shown = {
		.number = event->number,
		.ticks = event->ticks,
		.finished = event->finished,
		.call = &event->call,
		.n_ranges = event->touch.n,
	};

	for (unsigned i = 0; i < event->touch.n && i < 2; i++)
		shown.ranges[i] = event->touch.range[i];
	if (event->call.stack != 0 &&
	    ledger_stacks_find(&auditing->view->replay.stacks, event->call.stack, &auditing->trace))
		shown.trace = &auditing->trace;
	return shown;
}

/* "7f0000000000-7f0000002000 r-x", as the shim writes it; what is not so is passed over. */
static bool parse_expectation(const char *text, struct addr_range *range, uint64_t *prot)
{
	char rights[4];

	if (sscanf(text, "%" SCNx64 "-%" SCNx64 " %3s", &range->start, &range->end, rights) != 3 ||
	    range->start >= range->end || strlen(rights) != 3)
		return false;
	*prot = (rights[0] == 'r' ? VM_READ : 0) | (rights[1] == 'w' ? VM_WRITE : 0) |
		(rights[2] == 'x' ? VM_EXEC : 0);
	return true;
}

static void expect(struct auditing *auditing, const struct history_event *event)
{
	struct addr_range range;
	uint64_t prot;

	if (parse_expectation(event->text, &range, &prot))
		heap_require(audit_expect(auditing->audit, &auditing->view->replay.space, range,
					  prot, event->number));
}

static bool begins(void *context, struct history_event *event)
{
	struct auditing *auditing = context;
	struct audit_event shown;

	if (event->kind == HISTORY_EXPECT)
		expect(auditing, event);
	if (event->kind != HISTORY_CALL)
		return false;
	shown = event_of(auditing, event);
	heap_require(audit_before(auditing->audit, &auditing->view->replay.space, &shown));
	return true;
}

static int visit(void *context, struct history_event *event)
{
	struct auditing *auditing = context;
	struct audit_event shown = event_of(auditing, event);

	heap_require(audit_after(auditing->audit, &auditing->view->replay.space, &shown));
	return 0;
}

static void judge_calls(struct audit_report *report)
{
	struct auditing auditing = { .view = report->view, .audit = report->audit };
	const struct history_visitor visitor = {
		.begins = begins,
		.visit = visit,
		.context = &auditing,
		.wants_expectations = true,
	};

	history_walk(report->view, &visitor, HISTORY_TO_END);
	heap_require(audit_end(report->audit, &report->view->replay.space));
}

/* --------------------------------------------------------------------- the crash */

static int rule_of_hint(enum crash_hint hint)
{
	const char *id = crash_hint_rule(hint);

	for (int i = 0; id != NULL && i < RULE_COUNT; i++)
		if (strcmp(audit_rules[i].id, id) == 0)
			return i;
	return -1;
}

static void add_crash(struct audit_report *report, const struct crash *crash)
{
	int place = rule_of_hint(crash->hint);
	uint64_t page = crash->page;
	const struct fact *cause =
		crash->hint == CRASH_STOPPED_SHORT ? crash->other : crash->made_so;
	struct audit_event event;
	struct text text;
	TEXT_ON_STACK(text, 900);

	if (place < 0 || cause == NULL || !cause->has_call)
		return;
	crash_sentence(crash, report->view, &text);
	text_char(&text, ' ');
	crash_hint_sentence(crash, report->view, &text);
	event = (struct audit_event){
		.number = cause->number,
		.ticks = cause->ticks,
		.finished = cause->kind != FACT_IN_FLIGHT,
		.call = &cause->call,
	};
	heap_require(audit_add(report->audit, (enum audit_rule_place)place, AUDIT_ERROR, &event,
			       (struct addr_range){ page, page + VM_PAGE_SIZE }, text.buffer));
}

static void judge_crash(struct audit_report *report)
{
	struct crash crash;

	if (!fault_is_met(&report->view->header->fault))
		return;
	crash_find(&crash, report->view);
	add_crash(report, &crash);
	crash_free(&crash);
}

/* ---------------------------------------------------------------- the ledger itself */

static void say(struct audit_report *report, enum audit_rule_place place, const char *message)
{
	audit_add(report->audit, place, audit_rules[place].severity, NULL,
		  (struct addr_range){ 0, 0 }, message);
}

static void judge_ledger(struct audit_report *report)
{
	struct ledger_view *view = report->view;
	struct findings findings = { 0 };
	uint64_t unexplained;
	char words[200];

	compare_recorded(view, &findings);
	unexplained = vm_comparison_unexplained(&findings.comparison);
	findings_free(&findings);
	if (unexplained > 0) {
		snprintf(words, sizeof(words), "%" PRIu64 " differences from the kernel's map",
			 unexplained);
		say(report, RULE_I01, words);
	}
	if (view->damage != NULL)
		say(report, RULE_I02, view->damage);
	if (view->header->n_unrecorded > 0) {
		snprintf(words, sizeof(words), "%" PRIu64 " calls were not recorded",
			 view->header->n_unrecorded);
		say(report, RULE_I03, words);
	}
	if (view->first_event > 1) {
		snprintf(words, sizeof(words), "the first %" PRIu64 " calls were overwritten",
			 view->first_event - 1);
		say(report, RULE_I03, words);
	}
}

/* ------------------------------------------------------------------------- names */

static void name_stacks(struct audit_report *report)
{
	report->stacks = heap_array(2 * report->n, sizeof(*report->stacks));
	for (size_t i = 0; i < report->n; i++) {
		const struct audit_finding *finding = report->rows[i].finding;

		if (finding->event != 0)
			report->stacks[report->n_stacks++].event = finding->event;
		if (finding->victim != 0)
			report->stacks[report->n_stacks++].event = finding->victim;
	}
	stacks_of_events(report->view, stack_names(report->view), report->stacks, &report->n_stacks,
			 history_after_event(report->view->last_event));
	for (size_t i = 0; i < report->n; i++) {
		struct audit_row *row = &report->rows[i];

		row->stack = stack_of_event(report->stacks, report->n_stacks, row->finding->event);
		row->victim_stack =
			stack_of_event(report->stacks, report->n_stacks, row->finding->victim);
	}
}

/* FNV-1a. */
static uint64_t hash_string(uint64_t hash, const char *string)
{
	for (; string != NULL && *string != '\0'; string++)
		hash = (hash ^ (unsigned char)*string) * 0x100000001b3ULL;
	return (hash ^ 0xff) * 0x100000001b3ULL;
}

/* Addresses differ from run to run: not the place, but rule, function and module. */
static void make_fingerprint(struct audit_row *row)
{
	uint64_t hash = hash_string(0xcbf29ce484222325ULL, row->finding->rule->id);
	const struct named_frame *frame = stack_first_frame(row->stack);

	if (frame != NULL) {
		hash = hash_string(hash, frame->function);
		hash = hash_string(hash, frame->module);
		hash = hash_string(hash, frame->function == NULL ? "" : NULL);
	}
	hash = hash_string(hash, vm_op_info(row->finding->call.op)->name);
	snprintf(row->fingerprint, sizeof(row->fingerprint), "%016" PRIx64, hash);
}

static const char *executable_of(const struct audit_report *report)
{
	return report->view->header->executable;
}

static bool sort_out(struct audit_report *report, const struct audit_report_options *options)
{
	struct suppressions suppressions = { 0 };
	struct baseline baseline = { 0 };
	bool good = (options->suppressions == NULL ||
		     suppressions_read(&suppressions, options->suppressions)) &&
		    (options->baseline == NULL || baseline_read(&baseline, options->baseline));

	for (size_t i = 0; good && i < report->n; i++) {
		struct audit_row *row = &report->rows[i];

		make_fingerprint(row);
		row->suppressed = suppressions_match(&suppressions, row->finding->rule->id,
						     row->stack, executable_of(report));
		row->is_old = baseline_has(&baseline, row->fingerprint);
		if (row->suppressed)
			report->n_suppressed++;
		else if (row->is_old)
			report->n_old++;
		else
			report->counts[row->finding->severity]++;
	}
	if (good && options->suppressions != NULL)
		suppressions_say_unused(&suppressions);
	suppressions_free(&suppressions);
	baseline_free(&baseline);
	return good;
}

/* -------------------------------------------------------------------------- all */

/* This machine's limit, as long as nothing better is known. */
static uint64_t max_map_count(void)
{
	FILE *file = fopen("/proc/sys/vm/max_map_count", "re");
	uint64_t limit = 0;

	if (file == NULL)
		return 0;
	if (fscanf(file, "%" SCNu64, &limit) != 1)
		limit = 0;
	fclose(file);
	return limit;
}

static void make_rows(struct audit_report *report)
{
	const struct audit_finding *findings = audit_findings(report->audit, &report->n);

	report->rows = heap_array(report->n, sizeof(*report->rows));
	for (size_t i = 0; i < report->n; i++)
		report->rows[i].finding = &findings[i];
}

bool audit_report_make(struct audit_report *report, struct ledger_view *view,
		       const struct audit_report_options *options)
{
	const struct audit_options settings = {
		.max_map_count = max_map_count(),
		.optional = options->optional_rules,
	};

	*report = (struct audit_report){ .view = view, .audit = audit_create(&settings) };
	if (report->audit == NULL)
		heap_exhausted();
	judge_calls(report);
	judge_crash(report);
	judge_ledger(report);
	make_rows(report);
	name_stacks(report);
	return sort_out(report, options);
}

void audit_report_free(struct audit_report *report)
{
	stacks_forget(report->stacks, report->n_stacks);
	free(report->stacks);
	free(report->rows);
	audit_destroy(report->audit);
}

bool audit_report_fails(const struct audit_report *report,
			const struct audit_report_options *options, enum audit_severity severity)
{
	unsigned least = options->has_fail_on ? options->fail_on : severity;

	for (unsigned i = least; i < AUDIT_SEVERITIES; i++)
		if (report->counts[i] > 0)
			return true;
	return false;
}
