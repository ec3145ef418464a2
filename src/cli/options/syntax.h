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
#include "query/spec.h"

/* The moments of spec.h. */
const char *syntax_parse_moment(const char *text, struct moment *moment);

/* The places of spec.h. */
const char *syntax_parse_place(const char *text, struct place *place);

/* >=1M, <8K, =4K, 4K (the same), >, <=, and ranges 4K-1M. */
const char *syntax_parse_size_range(const char *text, struct size_range *sizes);

/* "w", "rx": bits of VM_PROT. */
const char *syntax_parse_perm(const char *text, uint64_t *perm);

/* 4096, 0x1000, 4K, 64M, 1G, 2T. */
bool syntax_parse_size(const char *at, const char *end, uint64_t *size);

/* A decimal number, nothing behind it. */
bool syntax_parse_number(const char *text, uint64_t *number);

/* "mmap,%process", "!brk": bits as spec.h has them. */
const char *syntax_parse_calls(const char *text, uint32_t *calls);

#endif
