/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_FRAME_TEXT_H
#define CLI_FRAME_TEXT_H

/*
 * frame_text - the stacks of a crash: the fault's own, and those of the calls behind it
 *
 *     fill                  demo.c:9   via memset
 *     main                  demo.c:14
 *
 * One frame a line, the program's own first; what libraries did on its behalf is said
 * behind it.
 */

#include <stdio.h>
#include "query/crash.h"
#include "cli/text/stack_text.h"

#define CRASH_STACKS 4

struct crash_names {
	struct symbolizer *symbolizer;
	struct named_stack fault;
	struct event_stack stacks[CRASH_STACKS];
	size_t n;
};

/**
 * crash_names_read() - name the stacks of a crash, each in the map of its moment
 *
 * The view is folded to its end, before and after. Return: false after a complaint;
 * @names must be freed in any case.
 */
bool crash_names_read(struct crash_names *names, struct ledger_view *view,
		      const struct crash *crash);
void crash_names_free(struct crash_names *names);

/* Lines that begin with @indent blanks, but for the first; at most @max. */
void frames_print_here(FILE *file, const struct named_stack *stack, int indent, unsigned max);
void frames_print(FILE *file, const struct named_stack *stack, int indent, unsigned max);

#endif
