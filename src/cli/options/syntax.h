/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_SYNTAX_H
#define CLI_SYNTAX_H

/*
 * syntax - parses the notations that all commands share: moments, ranges, sizes and
 * names of calls
 *
 * Parsers return NULL, or what is wrong as the end of a sentence that begins
 * with the text in question: "'12x' " "is not a moment; ...".
 */

#include <stdbool.h>
#include <stdint.h>
#include "query/spec.h"

/* Parses a moment, as spec.h describes them. */
const char *syntax_parse_moment(const char *text, struct moment *moment);

/* Parses a place, as spec.h describes them. */
const char *syntax_parse_place(const char *text, struct place *place);

/* Parses a range of sizes: >=1M, <8K, =4K, 4K (the same), >, <=, 4K-1M. */
const char *syntax_parse_size_range(const char *text, struct size_range *sizes);

/* Parses permissions, such as "w" or "rx", to bits of VM_PROT. */
const char *syntax_parse_perm(const char *text, uint64_t *perm);

/* Parses a size: 4096, 0x1000, 4K, 64M, 1G, 2T. */
bool syntax_parse_size(const char *at, const char *end, uint64_t *size);

/* Parses a decimal number with nothing behind it. */
bool syntax_parse_number(const char *text, uint64_t *number);

/* Parses names of calls, such as "mmap,%process" or "!brk", to bits as spec.h has them. */
const char *syntax_parse_calls(const char *text, uint32_t *calls);

#endif
