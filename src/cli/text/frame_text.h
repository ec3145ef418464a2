/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_FRAME_TEXT_H
#define CLI_FRAME_TEXT_H

/*
 * frame_text - the stack of a crash, as lines
 *
 *     fill                  demo.c:9   via memset
 *     main                  demo.c:14
 *
 * One frame a line, the program's own first; what libraries did on its behalf is said
 * behind it.
 */

#include <stdio.h>
#include "cli/text/stack_text.h"

/*
 * Print at most @max frames, each on a line that begins with @indent blanks; the first function
 * leaves out the blanks of the first line.
 */
void frames_print_here(FILE *file, const struct named_stack *stack, int indent, unsigned max);
void frames_print(FILE *file, const struct named_stack *stack, int indent, unsigned max);

#endif
