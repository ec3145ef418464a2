/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include "base/text_format.h"

void text_format(struct text *text, const char *format, ...)
{
	size_t room = text->size - text->len;
	va_list values;
	int len;

	va_start(values, format);
	len = vsnprintf(text->buffer + text->len, room, format, values);
	va_end(values);
	if (len < 0)
		return;
	text->cut = text->cut || (size_t)len >= room;
	text->len += (size_t)len < room ? (size_t)len : room - 1;
}

struct text word_text(struct word *word)
{
	struct text text;

	text_init(&text, word->s, sizeof(word->s));
	return text;
}
