/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_INFO_JSON_H
#define CLI_INFO_JSON_H

/*
 * info_json - the facts about a ledger as a JSON object
 */

#include "cli/commands/info.h"

/* Prints the facts on stdout. */
void info_print_json(const struct info *info);

#endif
