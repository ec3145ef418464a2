/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_INFO_SCREEN_H
#define CLI_INFO_SCREEN_H

/*
 * info_screen - the facts about a ledger as a page of labelled lines
 */

#include "cli/commands/info.h"

/* Prints the page on stdout. */
void info_print(const struct info *info);

#endif
