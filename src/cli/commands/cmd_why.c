/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include "cli/commands/cmd_why.h"
#include "cli/commands/why_json.h"
#include "cli/commands/why_screen.h"
#include "cli/options/open_ledger.h"
#include "cli/text/output.h"
#include "cli/text/view_text.h"
#include "query/heap.h"
#include "query/place.h"

#define PLACES_SHOWN 8

/* -------------------------------------------------------------------- the command */

/* All that the same call mapped in one piece with it. */
static struct addr_range whole_area(const struct memory_set *set, uint64_t addr)
{
	const struct memory_area *area = memory_set_find(set, addr);
	const struct memory_area *next;
	struct addr_range range;

	if (area == NULL)
		return (struct addr_range){ vm_page_down(addr), vm_page_down(addr) + VM_PAGE_SIZE };
	range = area->range;
	while (area->origin != 0 && (next = memory_set_find(set, range.end)) != NULL &&
	       next->origin == area->origin)
		range.end = next->range.end;
	while (area->origin != 0 && range.start > 0 &&
	       (next = memory_set_find(set, range.start - 1)) != NULL &&
	       next->origin == area->origin)
		range.start = next->range.start;
	return range;
}

static void forget(struct why *why)
{
	stacks_forget(why->stacks, why->n_stacks);
	free(why->stacks);
	why->stacks = NULL;
	why->n_stacks = 0;
	stack_free(&why->fault_stack);
	biography_free(&why->biography);
}

static void name_stack(struct why *why, const struct fact *fact)
{
	struct event_stack *wanted = &why->stacks[why->n_stacks++];

	wanted->event = fact->number;
	if (fact->stack != NULL)
		stack_name_placed(why->view, stack_names(why->view), fact->stack, &wanted->stack);
}

/* The calls that are shown, and the one that mapped the area, which may be long ago. */
static void name_stacks(struct why *why)
{
	size_t first = why->json != NULL ? 0 : why_first_shown(why);
	const struct biography *biography = &why->biography;

	why->stacks = heap_array(biography->n - first + 1, sizeof(*why->stacks));
	for (size_t i = 0; i < biography->n; i++) {
		const struct fact *fact = &biography->facts[i];
		bool is_origin = i < first && fact->number == why->area.origin;

		if (fact->has_call && fact->call.stack != 0 && (i >= first || is_origin))
			name_stack(why, fact);
	}
}

/* The fault's own frames: the first is the instruction itself. */
static void name_fault(struct why *why)
{
	const struct ledger_trace trace = fault_trace(&why->view->header->fault);

	if (why_last_fact(&why->biography, FACT_FAULT) != NULL)
		stack_name(why->view, stack_names(why->view), &trace, &why->fault_stack);
}

static void explain(struct why *why)
{
	const struct memory_area *area;

	biography_read(why->view, why->range, why->at, &why->biography);
	area = memory_set_find_from(why->view->replay.space.set,
				    why->point != 0 ? why->point : why->range.start);
	if (area != NULL && area->range.start < why->range.end &&
	    (why->point == 0 || area->range.start <= why->point))
		why->area = *area;
	name_stacks(why);
	name_fault(why);
	if (why->json != NULL)
		why_print_json(why);
	else
		why_print(why);
	forget(why);
}

static void explain_all(struct why *why, const struct place_ranges *ranges)
{
	for (size_t i = 0; i < ranges->n; i++) {
		if (i == PLACES_SHOWN && why->json == NULL && !why->options->all) {
			printf("%zu more such places; --all shows them\n", ranges->n - i);
			break;
		}
		why->range = ranges->ranges[i];
		if (why->options->area) {
			view_fold(why->view, why->at);
			why->range = whole_area(why->view->replay.space.set, why->range.start);
		}
		why->area = (struct memory_area){ 0 };
		if (i > 0 && why->json == NULL)
			putchar('\n');
		explain(why);
	}
}

static int show(struct ledger_view *view, const void *given)
{
	const struct why_options *options = given;
	struct why why = { .view = view, .options = options };
	struct place_ranges ranges;

	if (!moment_settle(view, options->common.at, &why.at) ||
	    !place_find(view, why.at, &options->place, &ranges))
		return CLI_TROUBLE;
	why.last = why.at.event;
	why.point = ranges.point;
	if (options->common.json)
		why.json = json_create();
	explain_all(&why, &ranges);
	view_say_damage(view);
	json_destroy(why.json);
	place_ranges_free(&ranges);
	return CLI_FINE;
}

static int cmd_why(const void *given, int n_operands, char **operands)
{
	struct why_options options = *(const struct why_options *)given;
	const char *wrong;

	if (n_operands == 0) {
		complain("why: which address? For example: mapledger why 0x7f1234567000");
		return CLI_TROUBLE;
	}
	wrong = syntax_parse_place(operands[0], &options.place);
	if (wrong != NULL) {
		complain("why: '%s' %s", operands[0], wrong);
		return CLI_TROUBLE;
	}
	return open_and_show(&options.common, n_operands - 1, operands + 1, show, &options);
}

static const struct option_row rows[] = {
	COMMON_ROW(struct why_options, PID),
	COMMON_ROW(struct why_options, AT),
	{ "area", 0, NULL, "not of the page alone: of the whole area that it lies in",
	  OPTION_FLAG(struct why_options, area) },
	{ "tail", 'n', "N", "only the last N lines", OPTION_NUMBER(struct why_options, tail),
	  .given = offsetof(struct why_options, has_tail) },
	{ "all", 0, NULL, "every event, however many", OPTION_FLAG(struct why_options, all) },
	{ "bt", 0, NULL, "the whole stack of each call", OPTION_FLAG(struct why_options, stacks) },
	COMMON_ROW(struct why_options, SYSROOT),
	COMMON_ROW(struct why_options, BYTES),
	COMMON_ROW(struct why_options, JSON),
	COMMON_ROW(struct why_options, COLOR),
	COMMON_ROW(struct why_options, HELP),
};

const struct command command_why = {
	.name = "why",
	.usage = "[OPTION...] ADDRESS [FILE]",
	.summary = "who mapped, changed and unmapped what is at an address",
	.details = COMMAND_DETAILS_OF_FILE
	"\n"
	"ADDRESS is 0x7f12040, 0x7f12000-0x7f14000, 0x7f12000+8K, lib:libssl, path:'*.db',\n"
	"[heap], [stack], stack:TID, area:31 (what event 31 mapped), sym:NAME, or of a crash\n"
	"`fault' and `pc'.\n"
	"\n"
	"Lines that begin with ~ are no calls: what was there before recording began, or what\n"
	"the kernel said when it was asked. Lines that begin with ! were refused. Memory that\n"
	"mremap moved is followed to where it was before.\n",
	COMMAND_OPTIONS(struct why_options, rows),
	.run = cmd_why,
	.trouble = CLI_TROUBLE,
};
