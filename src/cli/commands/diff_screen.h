/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_DIFF_SCREEN_H
#define CLI_DIFF_SCREEN_H

/*
 * diff_screen - the differences between two maps as a table
 */

#include "cli/commands/diff.h"

/* Prints the table of all changes, and their sums, on stdout. */
void diff_print(const struct diff_pair *pair);

#endif
