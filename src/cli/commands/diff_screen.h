/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_DIFF_SCREEN_H
#define CLI_DIFF_SCREEN_H

/*
 * diff_screen - the table of what is different
 */

#include "cli/commands/diff.h"

/* The table of all changes, and what they add up to, on stdout. */
void diff_print(const struct comparing *comparing);

#endif
