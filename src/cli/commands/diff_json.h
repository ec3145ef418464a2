/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_DIFF_JSON_H
#define CLI_DIFF_JSON_H

/*
 * diff_json - the differences between two maps as a JSON object
 */

#include "cli/commands/diff.h"

/* Prints the differences on stdout. */
void diff_print_json(struct diff_pair *pair);

#endif
