/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_VMA_AREAS_TEXT_H
#define TESTS_VMA_AREAS_TEXT_H

/*
 * areas_text - maps as text, so that a failing test shows two of them:
 *
 *     1000-5000 rw-p heap by 7, 6000-8000 r--s file object 2 @3000 by 8 changed 9
 *
 * "@" is the offset, left out where there is none; "by" is the origin; words are
 * the other flags. Numbers after "@" and in ranges are hexadecimal.
 */

#include <stdbool.h>
#include <stddef.h>
#include <memory_set/memory_set.h>

enum { AREAS_TEXT_SIZE = 8192 };

/* Returns how many; complains and ends the test when the text makes no sense. */
size_t areas_parse(const char *text, struct memory_area *areas, size_t max);

void area_format(const struct memory_area *area, char *text, size_t size);
void set_format(const struct memory_set *set, char text[static AREAS_TEXT_SIZE]);

/* An empty set in which nothing is merged and no backend is called. */
struct memory_set *set_create(void);

/* Puts what @text says into @set. */
void set_fill(struct memory_set *set, const char *text);

/* The invariants first, then the map. @row names the row of a table. */
void assert_set_at(const struct memory_set *set, const char *text, const char *row,
		   const char *file, int line);

#define assert_set(set, text, row) assert_set_at(set, text, row, __FILE__, __LINE__)

#endif
