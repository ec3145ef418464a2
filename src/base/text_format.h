/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_TEXT_FORMAT_H
#define BASE_TEXT_FORMAT_H

/*
 * text_format - printf() into a text
 *
 * text_format() calls the C library, so the shim can't have it: there text.h's single
 * functions do. Values in words of their own (sizes, durations, permissions) come as strings
 * by value: text_format(&text, "%s mapped", size_word(n, false).s).
 */

#include "base/text.h"

void text_format(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A short string by value. It lives until the end of the expression that it is made in. */
struct word {
	char s[48];
};

/* Makes an empty text whose buffer is @word. */
struct text word_text(struct word *word);

#endif
