/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes areas as text, with nothing but a few bytes of stack.
 */

#include <memory_set/memory_set.h>

/* Seven numbers of 16 digits, each with a character behind it. */
#define LINE_MAX_SIZE (7 * 17)

static char *put_hex(char *text, uint64_t value, char behind)
{
	unsigned shift = 60;

	while (shift > 0 && !(value >> shift))
		shift -= 4;
	for (; shift > 0; shift -= 4)
		*text++ = "0123456789abcdef"[value >> shift & 15];
	*text++ = "0123456789abcdef"[value & 15];
	*text++ = behind;
	return text;
}

void memory_set_dump(const struct memory_set *set, memory_set_write_fn write, void *context)
{
	struct memory_set_iter iter = memory_set_iter_from_start(set, MEMORY_SET_ALL);
	const struct memory_area *area;
	char line[LINE_MAX_SIZE];

	while ((area = memory_set_iter_next(&iter))) {
		char *end = line;

		end = put_hex(end, area->range.start, '-');
		end = put_hex(end, area->range.end, ' ');
		end = put_hex(end, area->flags, ' ');
		end = put_hex(end, area->offset, ' ');
		end = put_hex(end, area->origin, ' ');
		end = put_hex(end, area->tag[0], ' ');
		end = put_hex(end, area->tag[1], '\n');
		write(context, line, end - line);
	}
}
