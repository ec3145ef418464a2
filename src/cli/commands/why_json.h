/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_WHY_JSON_H
#define CLI_WHY_JSON_H

/*
 * why_json - one place and its events as a JSON object
 */

#include "cli/commands/why.h"

/* To why->json. */
void why_print_json(const struct why *why);

#endif
