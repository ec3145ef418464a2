/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct memory_area area_of(uint64_t start, uint64_t end, uint64_t flags,
			   struct mapping_backend *backend)
{
	return (struct memory_area){ .range = { start, end },
				     .flags = flags,
				     .backend = backend,
				     .offset = MEMORY_AREA_NO_OFFSET };
}

static uint64_t parse_flags(const char *text)
{
	return (text[0] == 'r' ? R : 0) | (text[1] == 'w' ? W : 0) | (text[2] == 'x' ? X : 0);
}

static bool parse_area(const char **text, struct memory_area *area)
{
	char flags[4];
	int len;

	if (sscanf(*text, " %" SCNx64 "-%" SCNx64 " %3s%n", &area->range.start, &area->range.end,
		   flags, &len) != 3)
		return false;
	area->flags = parse_flags(flags);
	*text += len;
	if (sscanf(*text, " @%" SCNx64 "%n", &area->offset, &len) == 1)
		*text += len;
	if (sscanf(*text, " by %" SCNu64 "%n", &area->origin, &len) == 1)
		*text += len;
	*text += strspn(*text, ", ");
	return true;
}

size_t parse_map(const char *text, struct mapping_backend *backend, struct memory_area *areas,
		 size_t max)
{
	size_t n = 0;

	while (*text) {
		cr_assert_lt(n, max);
		areas[n] = area_of(0, 0, 0, backend);
		cr_assert(parse_area(&text, &areas[n]), "not a map: %s", text);
		n++;
	}
	return n;
}

static void append(char *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void append(char *text, const char *format, ...)
{
	size_t len = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + len, MAP_TEXT_SIZE - len, format, args);
	va_end(args);
}

void format_map(const struct memory_set *set, char text[static MAP_TEXT_SIZE])
{
	struct memory_set_iter iter = memory_set_iter_from_start(set, MEMORY_SET_ALL);
	const struct memory_area *area;

	text[0] = '\0';
	while ((area = memory_set_iter_next(&iter))) {
		append(text, "%s%" PRIx64 "-%" PRIx64 " %c%c%c", text[0] ? ", " : "",
		       area->range.start, area->range.end, area->flags & R ? 'r' : '-',
		       area->flags & W ? 'w' : '-', area->flags & X ? 'x' : '-');
		if (area->offset != MEMORY_AREA_NO_OFFSET)
			append(text, " @%" PRIx64, area->offset);
		if (area->origin)
			append(text, " by %" PRIu64, area->origin);
	}
}

void fill_set(struct memory_set *set, const char *text, struct mapping_backend *backend)
{
	struct addr_range all = { 0, UINT64_MAX & ~(uint64_t)(PAGE - 1) };
	struct memory_area areas[32];
	size_t n_areas = parse_map(text, backend, areas, 32);

	cr_assert_eq(memory_set_reserve(set, n_areas + 1), 0);
	cr_assert_eq(memory_set_replace(set, all, areas, n_areas), 0);
}

struct memory_set *metadata_set(const char *text, bool merge)
{
	struct memory_set *set = memory_set_create(&(struct memory_set_options){
		.dispatch = MEMORY_SET_PER_REQUEST,
		.merge = merge,
		.auto_reserve = true,
	});

	cr_assert_not_null(set);
	fill_set(set, text, NO_BACKEND);
	return set;
}

void assert_set_at(const struct memory_set *set, const char *text, const char *name,
		   const char *file, int line)
{
	const char *wrong = memory_set_check(set);
	char got[MAP_TEXT_SIZE];

	format_map(set, got);
	cr_assert(!wrong, "%s:%d: %s: violated: %s\n  the set: %s", file, line, name, wrong, got);
	cr_assert(strcmp(got, text) == 0, "%s:%d: %s\n  wanted: %s\n  is:     %s", file, line, name,
		  text, got);
}

static void *counting_alloc(void *context, size_t size)
{
	struct counting_allocator *counting = context;
	void *memory;

	counting->calls++;
	if (counting->calls_left == 0)
		return NULL;
	counting->calls_left--;
	counting->bytes += size;
	memory = ml_allocator_malloc.alloc(NULL, size);
	cr_assert_eq((uintptr_t)memory % 64, 0);
	counting->last = memory;
	counting->last_size = size;
	return memset(memory, FRESH_BYTE, size);
}

static void counting_free(void *context, void *memory, size_t size)
{
	struct counting_allocator *counting = context;

	counting->bytes -= size;
	ml_allocator_malloc.free(NULL, memory, size);
}

void counting_allocator_init(struct counting_allocator *counting, uint64_t calls_left)
{
	*counting = (struct counting_allocator){
		.allocator = { counting_alloc, counting_free, counting },
		.calls_left = calls_left,
	};
}

void text_log_write(void *context, const char *text, size_t len)
{
	struct text_log *log = context;

	cr_assert_lt(log->len + len, sizeof(log->text));
	memcpy(&log->text[log->len], text, len);
	log->len += len;
	log->text[log->len] = '\0';
}
