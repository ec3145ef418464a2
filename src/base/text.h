/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

/*
 * text - build a string in a buffer, without malloc, stdio or locale
 *
 * Writing past the end is not an error: the text is cut there, and @cut says
 * so. The buffer is always terminated.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
	char *buffer;
	size_t size; /* of the buffer, at least 1 */
	size_t len;  /* of the text, without the terminator */
	bool cut;
};

void text_init(struct text *text, char *buffer, size_t size);

/* Gives a text a buffer on the stack: struct text text; TEXT_ON_STACK(text, 256); */
#define TEXT_ON_STACK(name, length)                                                                \
	char name##_buffer[length];                                                                \
	text_init(&(name), name##_buffer, sizeof(name##_buffer))

void text_char(struct text *text, char c);
void text_bytes(struct text *text, const char *bytes, size_t len);
void text_string(struct text *text, const char *string);
void text_decimal(struct text *text, uint64_t value);
void text_signed(struct text *text, int64_t value);

/* Appends a hexadecimal number of at least @min_digits digits, without 0x. */
void text_hex(struct text *text, uint64_t value, unsigned min_digits);

/* Appends blanks up to column @column. */
void text_pad(struct text *text, size_t column);

/*
 * Read a number at *@at and move *@at behind it. Return false, and move
 * nothing, when there is no digit or the value does not fit.
 */
bool text_parse_hex(const char **at, const char *end, uint64_t *value);
bool text_parse_decimal(const char **at, const char *end, uint64_t *value);

size_t text_length(const char *string);
bool text_equal(const char *a, const char *b);
bool text_begins_with(const char *string, const char *with);

#endif
