/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_WHY_JSON_H
#define CLI_WHY_JSON_H

/*
 * why_json - the history of an address or range as a JSON object
 */

#include "cli/commands/why.h"

/* Writes the history to why->json. */
void why_print_json(const struct why *why);

#endif
