/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_SUPPRESS_H
#define CLI_SUPPRESS_H

/*
 * suppress - a suppression file, which lists findings that are not to be reported
 *
 * A line is RULE:WHAT:GLOB, as LeakSanitizer's; RULE may be a star, and a line that
 * begins with # is a comment.
 *
 *     W01:fun:ffi_closure_alloc      a function anywhere in the stack
 *     W02:obj:libv8.so*              a module in the stack
 *     L02:src:pool.c:120             a source file, with or without a line
 *     W05:path:/usr/bin/node         the recorded program
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "cli/text/stack_text.h"

enum suppress_what {
	SUPPRESS_FUNCTION,
	SUPPRESS_OBJECT,
	SUPPRESS_SOURCE,
	SUPPRESS_PATH,
};

struct suppression {
	char rule[8];
	enum suppress_what what;
	char *glob;
	unsigned line;
	uint64_t n_used;
};

struct suppressions {
	const char *path;
	struct suppression *lines;
	size_t n;
};

/* Reads a suppression file. Return: false after a complaint that names the line. */
bool suppressions_read(struct suppressions *suppressions, const char *path);
void suppressions_free(struct suppressions *suppressions);

/*
 * Does a line of the suppression file fit a finding? The first that does counts as used. @stack: or
 * NULL. @executable: of the ledger.
 */
bool suppressions_match(struct suppressions *suppressions, const char *rule,
			const struct named_stack *stack, const char *executable);

/* Says on stderr which suppressions were of no use, one line for each. */
void suppressions_say_unused(const struct suppressions *suppressions);

#endif
