/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_FRAME_TEXT_H
#define CLI_FRAME_TEXT_H

/*
 * frame_text - a stack of a crash, one frame a line
 *
 *     fill                  demo.c:9   via memset
 *     main                  demo.c:14
 *
 * One frame a line, the program's own first; what libraries did on its behalf is said
 * behind it.
 */

#include <stdio.h>
#include "cli/text/stack_text.h"

/* Lines that begin with @indent blanks, but for the first; at most @max. */
void frames_print_here(FILE *file, const struct named_stack *stack, int indent, unsigned max);
void frames_print(FILE *file, const struct named_stack *stack, int indent, unsigned max);

#endif
