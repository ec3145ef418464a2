/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The text of /proc/PID/maps, read line by line with nothing but read(2)
 */

#include <errno.h>
#include <string.h>
#include "base/sys.h"
#include "base/text.h"
#include "vma/kernel_map.h"
#include "vma/vm_flags.h"

/* Names begin here: 25 + 6 * sizeof(void *) - 1 columns, and a blank (fs/proc/task_mmu.c). */
#define NAME_COLUMN 73

/* ------------------------------------------------------------------- one line */

static bool take(const char **at, const char *end, char c)
{
	if (*at >= end || **at != c)
		return false;
	(*at)++;
	return true;
}

static bool take_flag(const char **at, const char *end, char set, char clear, uint64_t bit,
		      uint64_t *flags)
{
	if (take(at, end, set)) {
		*flags |= bit;
		return true;
	}
	return take(at, end, clear);
}

static bool take_flags(const char **at, const char *end, uint64_t *flags)
{
	*flags = 0;
	return take_flag(at, end, 'r', '-', VM_READ, flags) &&
	       take_flag(at, end, 'w', '-', VM_WRITE, flags) &&
	       take_flag(at, end, 'x', '-', VM_EXEC, flags) &&
	       take_flag(at, end, 's', 'p', VM_SHARED, flags);
}

static bool take_dev(const char **at, const char *end, uint64_t *dev)
{
	uint64_t major, minor;

	if (!text_parse_hex(at, end, &major) || !take(at, end, ':') ||
	    !text_parse_hex(at, end, &minor) || major > UINT32_MAX || minor > UINT32_MAX)
		return false;
	*dev = vm_dev((uint32_t)major, (uint32_t)minor);
	return true;
}

static bool valid_range(struct addr_range range)
{
	return range.start < range.end && ((range.start | range.end) & (VM_PAGE_SIZE - 1)) == 0;
}

bool kernel_area_parse(const char *line, const char *end, struct kernel_area *area)
{
	const char *at = line;

	if (!text_parse_hex(&at, end, &area->range.start) || !take(&at, end, '-') ||
	    !text_parse_hex(&at, end, &area->range.end) || !take(&at, end, ' ') ||
	    !take_flags(&at, end, &area->flags) || !take(&at, end, ' ') ||
	    !text_parse_hex(&at, end, &area->offset) || !take(&at, end, ' ') ||
	    !take_dev(&at, end, &area->dev) || !take(&at, end, ' ') ||
	    !text_parse_decimal(&at, end, &area->ino) || !take(&at, end, ' '))
		return false;
	while (take(&at, end, ' '))
		;
	area->name = at;
	area->name_len = (size_t)(end - at);
	return valid_range(area->range);
}

bool kernel_area_cut(struct kernel_area *area, uint64_t start)
{
	if (area->range.start >= start)
		return true;
	if (area->dev != 0 || area->ino != 0)
		area->offset += start - area->range.start;
	area->range.start = start;
	return start < area->range.end;
}

/* Only this is escaped, and a backslash is not: what is printed can't be read back for sure. */
static void format_name(struct text *text, const struct kernel_area *area)
{
	for (size_t i = 0; i < area->name_len; i++)
		if (area->name[i] == '\n')
			text_string(text, "\\012");
		else
			text_char(text, area->name[i]);
}

void kernel_area_format(struct text *text, const struct kernel_area *area)
{
	size_t start = text->len;

	text_hex(text, area->range.start, 8);
	text_char(text, '-');
	text_hex(text, area->range.end, 8);
	text_char(text, ' ');
	text_char(text, area->flags & VM_READ ? 'r' : '-');
	text_char(text, area->flags & VM_WRITE ? 'w' : '-');
	text_char(text, area->flags & VM_EXEC ? 'x' : '-');
	text_char(text, area->flags & VM_SHARED ? 's' : 'p');
	text_char(text, ' ');
	text_hex(text, area->offset, 8);
	text_char(text, ' ');
	text_hex(text, area->dev >> 32, 2);
	text_char(text, ':');
	text_hex(text, (uint32_t)area->dev, 2);
	text_char(text, ' ');
	text_decimal(text, area->ino);
	text_char(text, ' ');
	if (area->name_len > 0) {
		/* The pad ends one column early and a blank always follows (seq_pad()). */
		text_pad(text, start + NAME_COLUMN - 1);
		text_char(text, ' ');
		format_name(text, area);
	}
	text_char(text, '\n');
}

/* -------------------------------------------------------------------- meaning */

static bool name_is(const struct kernel_area *area, const char *name)
{
	size_t len = text_length(name);

	return area->name_len == len && memcmp(area->name, name, len) == 0;
}

static bool starts_with(const char *name, size_t len, const char *prefix)
{
	size_t prefix_len = text_length(prefix);

	return len >= prefix_len && memcmp(name, prefix, prefix_len) == 0;
}

bool kernel_name_is_label(const char *name, size_t len)
{
	/* [stack:TID] was printed by Linux 3.4 to 4.4. */
	static const char *const labels[] = { "[heap]", "[stack]", "[stack:", "[anon:" };

	for (unsigned i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (starts_with(name, len, labels[i]))
			return true;
	return false;
}

static bool is_file(const struct kernel_area *area)
{
	return area->ino != 0 || area->dev != 0;
}

static uint64_t hidden_flags(const struct kernel_area *area)
{
	if (is_file(area))
		return VM_FILE;
	if (name_is(area, "[stack]"))
		return VM_GROWSDOWN;
	if (name_is(area, "[uprobes]") || name_is(area, "[uprobes-trampoline]"))
		return VM_UPROBES;
	return 0;
}

static bool has_object(const struct kernel_area *area)
{
	return is_file(area) ||
	       (area->name_len > 0 && !kernel_name_is_label(area->name, area->name_len));
}

/* Longer names are cut: names are advisory. */
static uint16_t cut_len(size_t len)
{
	return (uint16_t)(len < UINT16_MAX ? len : UINT16_MAX);
}

int kernel_area_to_memory_area(const struct kernel_area *from, struct vm_objects *objects,
			       struct memory_area *to)
{
	*to = (struct memory_area){
		.range = from->range,
		.flags = (from->flags & VM_VISIBLE) | hidden_flags(from),
		.offset = is_file(from) ? from->offset : MEMORY_AREA_NO_OFFSET,
	};
	if (has_object(from)) {
		struct vm_object object = {
			.dev = from->dev,
			.ino = from->ino,
			.name = from->name,
			.name_len = cut_len(from->name_len),
		};

		to->tag[VM_TAG_OBJECT] = vm_objects_intern(objects, &object);
		if (to->tag[VM_TAG_OBJECT] == 0)
			return -ENOMEM;
	}
	return 0;
}

/* ----------------------------------------------------------------- many lines */

void kernel_map_text_init(struct kernel_map_text *map, int fd, char *buffer, size_t size)
{
	*map = (struct kernel_map_text){ .fd = fd, .buffer = buffer, .size = size };
}

/* What is left goes to the front, and more behind it; false at the end of the file. */
static bool fill(struct kernel_map_text *map)
{
	long n;

	memmove(map->buffer, map->buffer + map->at, map->used - map->at);
	map->used -= map->at;
	map->at = 0;
	do {
		n = sys_read(map->fd, map->buffer + map->used, map->size - map->used);
	} while (n == -EINTR);
	if (n < 0)
		map->error = (int)n;
	if (n <= 0)
		return false;
	map->used += (size_t)n;
	return true;
}

static const char *find_newline(const char *at, const char *end)
{
	while (at < end && *at != '\n')
		at++;
	return at;
}

/* A line that fills the whole buffer is thrown away in pieces. */
static void drop_pieces(struct kernel_map_text *map, bool *dropping)
{
	if (!*dropping)
		map->n_bad_lines++;
	*dropping = true;
	map->at = map->used;
}

/* Sets [*line, *end) to the next line. */
static bool next_line(struct kernel_map_text *map, const char **line, const char **end)
{
	bool dropping = false;

	for (;;) {
		const char *limit = map->buffer + map->used;

		*line = map->buffer + map->at;
		*end = find_newline(*line, limit);
		if (*end < limit) {
			map->at = (size_t)(*end - map->buffer) + 1;
			if (!dropping)
				return true;
			dropping = false;
			continue;
		}
		if (map->at == 0 && map->used == map->size)
			drop_pieces(map, &dropping);
		if (!fill(map))
			break;
	}
	*line = map->buffer + map->at;
	*end = map->buffer + map->used;
	map->at = map->used;
	return *line < *end && !dropping && map->error == 0;
}

bool kernel_map_text_next(struct kernel_map_text *map, struct kernel_area *area)
{
	const char *line, *end;

	while (next_line(map, &line, &end)) {
		if (!kernel_area_parse(line, end, area)) {
			map->n_bad_lines++;
			continue;
		}
		if (!kernel_area_cut(area, map->end))
			continue;
		map->end = area->range.end;
		return true;
	}
	return false;
}
