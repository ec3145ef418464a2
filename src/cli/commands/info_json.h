/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_INFO_JSON_H
#define CLI_INFO_JSON_H

/*
 * info_json - the same as a JSON object
 */

#include "cli/commands/info.h"

/* On stdout. */
void info_print_json(const struct info *info);

#endif
