/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

/*
 * output - writes results to stdout, and messages to stderr
 *
 * Results go through stdio and are checked once, at the end. Names come from
 * the recorded program: whatever may reach a terminal goes through
 * text_name() of query/words.h, which shows control bytes instead of sending them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "query/words.h"

enum color_when {
	COLOR_AUTO,
	COLOR_ALWAYS,
	COLOR_NEVER,
};

/*
 * Prepares stdout and stderr, before anything else. Descriptors 0, 1 and 2 that are
 * closed are filled with something that can't be written and that a program doesn't
 * inherit, so that no file we open is taken for one of them.
 */
void output_start(void);
void output_set_color(enum color_when when);

/* Flushes stdout. Return: @code, or @trouble after saying that writing failed. */
int output_finish(int code, int trouble);

enum paint {
	PAINT_NONE,
	PAINT_HEAD,
	PAINT_DANGER, /* writable and executable, differences */
	PAINT_TEXT,
	PAINT_DATA,
	PAINT_STACK,
	PAINT_QUIET,
};

/* Sets the colour of what is printed next, if there is colour. */
void paint(enum paint paint);

/* Prints one line on stderr, "mapledger: ..."; control bytes are replaced. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints a string, and blanks behind it up to @width columns. */
void print_padded(const char *string, size_t width);

/*
 * Prints words, broken into lines of at most @max columns, each behind @indent blanks.
 * Return: columns of the last line, which is not ended.
 */
size_t print_wrapped(FILE *file, const char *words, int indent, size_t max);

#endif
