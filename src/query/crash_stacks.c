/* SPDX-License-Identifier: Apache-2.0 */
#include "query/crash_stacks.h"

static void name_fact(struct ledger_view *view, const struct fact *fact, struct named_stack *stack)
{
	if (fact != NULL && fact->stack != NULL)
		stack_name_placed(view, stack_names(view), fact->stack, stack);
}

void crash_names_read(struct crash_names *names, struct ledger_view *view,
		      const struct crash *crash)
{
	const struct ledger_trace trace = fault_trace(&view->header->fault);

	*names = (struct crash_names){ 0 };
	name_fact(view, crash->made_so, &names->made_so);
	name_fact(view, crash->mapped_by, &names->mapped_by);
	name_fact(view, crash->other, &names->other);
	stack_name(view, stack_names(view), &trace, &names->fault);
}

void crash_names_free(struct crash_names *names)
{
	stack_free(&names->made_so);
	stack_free(&names->mapped_by);
	stack_free(&names->other);
	stack_free(&names->fault);
}
