/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QUERY_WORDS_H
#define QUERY_WORDS_H

/*
 * words - sizes, times, counts, names and permissions as a person reads them
 *
 * Every function appends to @text, allocates nothing and follows no locale, so
 * that the same value is the same word in a table, a sentence and an export.
 */

#include "base/text.h"

/* Appends a size: "4K", "1.3M", "42.7T", or the exact number of bytes with @exact. */
void text_size(struct text *text, uint64_t size, bool exact);

/* Appends a duration: "61 us", "3.751 ms", "1.250 s", "2 h 03 min". */
void text_duration(struct text *text, uint64_t ns);

/* Appends a count, @n and its noun: "1 call", "2 calls". Thousands are not separated. */
void text_count(struct text *text, uint64_t n, const char *noun);

/* Appends a name, its control bytes as \ooo. */
void text_name(struct text *text, const char *name, size_t len);

/* Appends permissions as /proc/PID/maps shows them: "rw-p". */
void text_perm(struct text *text, uint64_t flags);

/* Appends what part of @whole @part is, with one digit behind the point: "99.6 %". */
void text_percent(struct text *text, uint64_t part, uint64_t whole);

#endif
