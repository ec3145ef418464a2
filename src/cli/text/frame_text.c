/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/text/frame_text.h"

#define FUNCTION_COLUMNS 20

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
