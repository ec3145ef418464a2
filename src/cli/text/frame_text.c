/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include "cli/text/fault_text.h"
#include "cli/text/frame_text.h"

#define FUNCTION_COLUMNS 20

/* -------------------------------------------------------------------------- naming */

static void want(struct crash_names *names, const struct page_step *step)
{
	if (step != NULL && step->event.kind == HISTORY_CALL && step->event.call.stack != 0 &&
	    names->n < CRASH_STACKS)
		names->stacks[names->n++].event = step->event.number;
}

static bool name_fault(struct crash_names *names, const struct ledger_view *view)
{
	const struct ledger_trace trace = fault_trace(&view->header->fault);

	return stack_name(view, names->symbolizer, &trace, &names->fault) == 0;
}

bool crash_names_read(struct crash_names *names, struct ledger_view *view,
		      const struct crash *crash)
{
	*names = (struct crash_names){ .symbolizer = stack_names(view) };
	if (names->symbolizer == NULL)
		return false;
	want(names, crash->made_so);
	want(names, crash->mapped_by);
	want(names, crash->other);
	if (names->n > 0 &&
	    !stacks_of_events(view, names->symbolizer, names->stacks, &names->n, HISTORY_TO_END))
		return false;
	if (name_fault(names, view))
		return true;
	complain("%s: not enough memory", view->name);
	return false;
}

void crash_names_free(struct crash_names *names)
{
	stacks_forget(names->stacks, names->n);
	stack_free(&names->fault);
	symbolizer_destroy(names->symbolizer);
	*names = (struct crash_names){ 0 };
}

/* ------------------------------------------------------------------------ printing */

static void print_frame(FILE *file, const struct named_stack *stack, size_t i, int indent)
{
	const struct named_frame *frame = &stack->frames[i];
	struct text function, where, via;

	TEXT_ON_STACK(function, 200);
	TEXT_ON_STACK(where, 300);
	TEXT_ON_STACK(via, 200);
	stack_function(frame, &function);
	stack_where(frame, &where);
	stack_via(stack, i, &via);
	fprintf(file, "%*s", indent, "");
	if (function.len > 0)
		fprintf(file, "%-*s  ", FUNCTION_COLUMNS, function.buffer);
	fprintf(file, "%s%s%s\n", where.buffer, via.len > 0 ? "   via " : "", via.buffer);
}

static void print_lines(FILE *file, const struct named_stack *stack, int indent, unsigned max,
			bool begun)
{
	size_t first = stack_first(stack);
	bool all = first == stack->n; /* libraries only */
	unsigned n = 0;

	for (size_t i = all ? 0 : first; i < stack->n && n < max; i++) {
		if (!all && !stack_is_program(&stack->frames[i]))
			continue;
		print_frame(file, stack, i, begun && n == 0 ? 0 : indent);
		n++;
	}
	if (begun && stack->n == 0)
		fputs("?\n", file);
}

void frames_print(FILE *file, const struct named_stack *stack, int indent, unsigned max)
{
	print_lines(file, stack, indent, max, false);
}

void frames_print_here(FILE *file, const struct named_stack *stack, int indent, unsigned max)
{
	print_lines(file, stack, indent, max, true);
}
