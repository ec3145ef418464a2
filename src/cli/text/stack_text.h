/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_STACK_TEXT_H
#define CLI_STACK_TEXT_H

/*
 * stack_text - a named stack as one line, as many, and as JSON
 */

#include "cli/text/json.h"
#include "query/named_stack.h"

/*
 * Appends a stack on one line, of the program's own frames where there are any:
 * "fill demo.c:9 via memset < main demo.c:14".
 */
void stack_line(const struct named_stack *stack, struct text *text);

/* Appends the first of the frames of stack_line(): "fill demo.c:9". */
void stack_who(const struct named_stack *stack, struct text *text);

/* Appends that frame in few columns: "fill demo.c:9", or "fill" where that would be too wide. */
void stack_who_short(const struct named_stack *stack, size_t columns, struct text *text);

/*
 * Append the parts of such lines: a function, "ns::fill"; a place, "demo.c:9" or
 * "libfoo.so.1+0x1234"; and "memset", what the frame @i called, when that is a library's
 * and worth a word.
 */
void stack_function(const struct named_frame *frame, struct text *text);
void stack_where(const struct named_frame *frame, struct text *text);
void stack_via(const struct named_stack *stack, size_t i, struct text *text);

/* Prints all frames, each on a line behind @indent blanks. */
void stack_print(const struct named_stack *stack, int indent);

/* Writes a stack as a JSON array of objects under @key. */
void stack_json(struct json *json, const char *key, const struct named_stack *stack);

#endif
