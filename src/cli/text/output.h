/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

/*
 * output - the result on stdout, messages on stderr
 *
 * Results go through stdio and are checked once, at the end. Names come from
 * the recorded program: whatever may reach a terminal goes through
 * text_name(), which shows control bytes instead of sending them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "base/text.h"
#include "cli/cli.h"

/* For a text on the stack: struct text text; TEXT_ON_STACK(text, 256); */
#define TEXT_ON_STACK(name, length)                                                                \
	char name##_buffer[length];                                                                \
	text_init(&(name), name##_buffer, sizeof(name##_buffer))

/*
 * Before anything else. Descriptors 0, 1 and 2 that are closed are filled with
 * something that can't be written and that a program doesn't inherit, so that
 * no file we open is taken for one of them.
 */
void output_start(void);
void output_set_color(enum color_when when);

/* Flush. Return: @code, or CLI_TROUBLE after saying that writing failed. */
int output_finish(int code);

enum paint {
	PAINT_NONE,
	PAINT_HEAD,
	PAINT_DANGER, /* writable and executable, differences */
	PAINT_TEXT,
	PAINT_DATA,
	PAINT_STACK,
	PAINT_QUIET,
};

/* Everything until the next call is printed so. Nothing without colour. */
void paint(enum paint paint);

/* One line on stderr, "mapledger: ..."; control bytes are replaced. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "4K", "1.3M", "42.7T", or the exact number of bytes with @exact. */
void text_size(struct text *text, uint64_t size, bool exact);

/* "61 us", "3.751 ms", "1.250 s", "2 h 03 min". */
void text_duration(struct text *text, uint64_t ns);

/* @n and its noun: "1 call", "2 calls". Thousands are not separated. */
void text_count(struct text *text, uint64_t n, const char *noun);

/* Control bytes as \ooo. */
void text_name(struct text *text, const char *name, size_t len);

/* "rw-p" */
void text_perm(struct text *text, uint64_t flags);

/* "  99.6 %" without the blanks: @part of @whole, one digit behind the point. */
void text_percent(struct text *text, uint64_t part, uint64_t whole);

/* printf("%s") with blanks behind it up to @width columns. */
void print_padded(const char *string, size_t width);

/*
 * Broken between words into lines of at most @max columns, each behind @indent blanks.
 * Return: columns of the last one, which is not ended.
 */
size_t print_wrapped(FILE *file, const char *words, int indent, size_t max);

#endif
