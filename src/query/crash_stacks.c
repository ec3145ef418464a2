/* SPDX-License-Identifier: Apache-2.0 */
#include "query/crash_stacks.h"

/* -------------------------------------------------------------------------- naming */

static void want(struct crash_names *names, const struct page_step *step)
{
	if (step != NULL && step->event.kind == HISTORY_CALL && step->event.call.stack != 0 &&
	    names->n < CRASH_STACKS)
		names->stacks[names->n++].event = step->event.number;
}

void crash_names_read(struct crash_names *names, struct ledger_view *view,
		      const struct crash *crash)
{
	const struct ledger_trace trace = fault_trace(&view->header->fault);
	struct symbolizer *symbolizer = stack_names(view);

	*names = (struct crash_names){ 0 };
	want(names, crash->made_so);
	want(names, crash->mapped_by);
	want(names, crash->other);
	if (names->n > 0)
		stacks_of_events(view, symbolizer, names->stacks, &names->n, HISTORY_TO_END);
	stack_name(view, symbolizer, &trace, &names->fault);
}

void crash_names_free(struct crash_names *names)
{
	stacks_forget(names->stacks, names->n);
	stack_free(&names->fault);
	*names = (struct crash_names){ 0 };
}
