/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_WHY_SCREEN_H
#define CLI_WHY_SCREEN_H

/*
 * why_screen - the history of an address or range as a headline and a table of events
 */

#include "cli/commands/why.h"

/* Prints the history on stdout. */
void why_print(const struct why *why);

#endif
