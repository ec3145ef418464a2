/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_WORD_H
#define CLI_WORD_H

/*
 * word - sizes, counts and permissions as short strings, for text_format() and printf()
 *
 *     text_format(&text, "%s mapped by %s", size_word(bytes, false).s, count_word(n, "call").s);
 */

#include "base/text_format.h"

/* A size: "4K", "1.3M", "42.7T", or the exact number of bytes with @exact. */
struct word size_word(uint64_t size, bool exact);

/* A count, @n and its noun: "1 call", "2 calls". */
struct word count_word(uint64_t n, const char *noun);

/* A duration: "61 us", "3.751 ms". */
struct word duration_word(uint64_t ns);

/* Permissions as /proc/PID/maps shows them: "rw-p". */
struct word perm_word(uint64_t flags);

#endif
