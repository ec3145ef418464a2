/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CMD_EXPLAIN_H
#define CLI_CMD_EXPLAIN_H

/*
 * cmd_explain - `mapledger explain': why a program crashed
 */

#include "cli/options/command.h"

extern const struct command command_explain;

#endif
