/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_DIFF_JSON_H
#define CLI_DIFF_JSON_H

/*
 * diff_json - what is different as a JSON object
 */

#include "cli/commands/diff.h"

/* On stdout. */
void diff_print_json(struct comparing *comparing);

#endif
