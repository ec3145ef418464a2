/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

void text_init(struct text *text, char *buffer, size_t size)
{
	*text = (struct text){ .buffer = buffer, .size = size };
	buffer[0] = '\0';
}

void text_char(struct text *text, char c)
{
	if (text->len + 1 >= text->size) {
		text->cut = true;
		return;
	}
	text->buffer[text->len++] = c;
	text->buffer[text->len] = '\0';
}

void text_bytes(struct text *text, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		text_char(text, bytes[i]);
}

void text_string(struct text *text, const char *string)
{
	text_bytes(text, string, text_length(string));
}

static void text_number(struct text *text, uint64_t value, unsigned base, unsigned min_digits)
{
	char digits[20];
	unsigned n = 0;

	do {
		digits[n++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value != 0);
	for (unsigned i = n; i < min_digits; i++)
		text_char(text, '0');
	while (n > 0)
		text_char(text, digits[--n]);
}

void text_decimal(struct text *text, uint64_t value)
{
	text_number(text, value, 10, 1);
}

void text_signed(struct text *text, int64_t value)
{
	if (value < 0)
		text_char(text, '-');
	text_decimal(text, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

void text_hex(struct text *text, uint64_t value, unsigned min_digits)
{
	text_number(text, value, 16, min_digits);
}

void text_pad(struct text *text, size_t column)
{
	while (text->len < column && !text->cut)
		text_char(text, ' ');
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

static bool text_parse(const char **at, const char *end, int base, uint64_t *value)
{
	const char *p = *at;
	uint64_t sum = 0;

	for (; p < end && digit_value(*p) < base; p++)
		if (__builtin_mul_overflow(sum, (uint64_t)base, &sum) ||
		    __builtin_add_overflow(sum, (uint64_t)digit_value(*p), &sum))
			return false;
	if (p == *at)
		return false;
	*at = p;
	*value = sum;
	return true;
}

bool text_parse_hex(const char **at, const char *end, uint64_t *value)
{
	return text_parse(at, end, 16, value);
}

bool text_parse_decimal(const char **at, const char *end, uint64_t *value)
{
	return text_parse(at, end, 10, value);
}

size_t text_length(const char *string)
{
	size_t len = 0;

	while (string[len] != '\0')
		len++;
	return len;
}

bool text_equal(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

bool text_begins_with(const char *string, const char *with)
{
	while (*with != '\0' && *string == *with) {
		string++;
		with++;
	}
	return *with == '\0';
}
