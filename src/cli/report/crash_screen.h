/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CRASH_SCREEN_H
#define CLI_CRASH_SCREEN_H

/*
 * crash_screen - the explanation of a crash, as `mapledger explain' and `run' print it
 *
 *     one sentence: what was refused, and why
 *     four facts, always in this order: crashed in, the page, made so by, mapped by
 *     a hint, when a rule fits; what to type next
 */

#include <stdio.h>
#include "query/crash_stacks.h"

/* Prints the explanation as text. @exact: sizes in bytes. */
void crash_print(FILE *file, struct ledger_view *view, const struct crash *crash,
		 const struct crash_names *names, bool exact);

/* Prints the explanation as one JSON object, and a newline. */
void crash_print_json(struct ledger_view *view, const struct crash *crash,
		      const struct crash_names *names);

#endif
