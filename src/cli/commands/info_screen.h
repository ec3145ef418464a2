/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_INFO_SCREEN_H
#define CLI_INFO_SCREEN_H

/*
 * info_screen - a ledger in a page of labelled lines
 */

#include "cli/commands/info.h"

/* All of it, on stdout. */
void info_print(const struct info *info);

#endif
