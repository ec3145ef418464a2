/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_MEMORY_SET_SUPPORT_H
#define TESTS_MEMORY_SET_SUPPORT_H

/*
 * support - sets as text, so that a failing test shows two maps:
 *
 *     1000-5000 rw-, 6000-8000 r-- @3000 by 7
 *
 * "@" is the offset and is left out where there is none; "by" is the origin and
 * is left out when 0.
 */

#include <criterion/criterion.h>

#include <memory_set/backends.h>
#include <memory_set/memory_set.h>

enum {
	R = 1,
	W = 2,
	X = 4,
	RW = R | W,
	RX = R | X,
	PAGE = 4096,
	MAP_TEXT_SIZE = 4096,
};

#define NO_BACKEND ((struct mapping_backend *)NULL)

/* Areas from such a text; all of them get @backend. Returns how many. */
size_t parse_map(const char *text, struct mapping_backend *backend, struct memory_area *areas,
		 size_t max);

void format_map(const struct memory_set *set, char text[static MAP_TEXT_SIZE]);

/* An area without an offset. */
struct memory_area area_of(uint64_t start, uint64_t end, uint64_t flags,
			   struct mapping_backend *backend);

/* A set in which no backend is called. */
struct memory_set *metadata_set(const char *text, bool merge);

/* Puts what @text says into @set, without calling a backend. */
void fill_set(struct memory_set *set, const char *text, struct mapping_backend *backend);

/* The invariants first, then the map. @name says which row of a table it was. */
void assert_set_at(const struct memory_set *set, const char *text, const char *name,
		   const char *file, int line);

#define assert_set(set, text)		assert_set_at(set, text, "", __FILE__, __LINE__)
#define assert_set_case(set, text, row) assert_set_at(set, text, row, __FILE__, __LINE__)

/* Whoever relies on fresh memory being zero is to be found out. */
#define FRESH_BYTE 0xa5

/* An allocator that counts, and fails from the @calls_left-th call on. */
struct counting_allocator {
	struct ml_allocator allocator;
	uint64_t calls_left;
	size_t calls;
	size_t bytes;		   /* in use */
	const unsigned char *last; /* what was allocated last: all FRESH_BYTE */
	size_t last_size;
};

void counting_allocator_init(struct counting_allocator *counting, uint64_t calls_left);

/* What a trace_backend writes, one string. */
struct text_log {
	char text[MAP_TEXT_SIZE];
	size_t len;
};

void text_log_write(void *log, const char *text, size_t len);

#endif
