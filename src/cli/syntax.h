/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_SYNTAX_H
#define CLI_SYNTAX_H

/*
 * syntax - the small languages that every command shares: moments, ranges,
 * sizes and names of calls
 *
 * Parsers return NULL, or what is wrong as the end of a sentence that begins
 * with the text in question: "'12x' " "is not a moment; ...".
 */

#include <stdbool.h>
#include <stdint.h>
#include <memory_set/memory_set.h>

/*
 * Which state of the map is meant.
 *
 *     42  #42          after event 42
 *     -10              ten events before the end
 *     start  end       before the first event, after the last
 *     @1.25s  @250ms   so long after the start
 */
enum moment_kind {
	MOMENT_END = 0,
	MOMENT_START,
	MOMENT_EVENT,	   /* @value: its number */
	MOMENT_BEFORE_END, /* @value: so many events before the end */
	MOMENT_TIME,	   /* @value: nanoseconds since the start */
};

struct moment {
	enum moment_kind kind;
	uint64_t value;
};

const char *syntax_parse_moment(const char *text, struct moment *moment);

/*
 * ADDR is the page that it lies in, A-B ends before B, A+SIZE begins at A.
 * Addresses are hexadecimal, with or without 0x; the range grows to whole pages.
 */
const char *syntax_parse_range(const char *text, struct addr_range *range);

/* 4096, 0x1000, 4K, 64M, 1G, 2T. */
bool syntax_parse_size(const char *at, const char *end, uint64_t *size);

/* A decimal number, nothing behind it. */
bool syntax_parse_number(const char *text, uint64_t *number);

/*
 * Which events are meant: bit n is enum vm_op n. Words are separated by commas:
 * names of calls, %mem (all that change memory), %process (fork, exec, exit),
 * resync. A `!' before the first word takes the words away instead.
 */
#define CALLS_RESYNC (1u << 31)
#define CALLS_ALL    UINT32_MAX

const char *syntax_parse_calls(const char *text, uint32_t *calls);

#endif
