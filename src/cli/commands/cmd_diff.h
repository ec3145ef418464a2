/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CMD_DIFF_H
#define CLI_CMD_DIFF_H

/*
 * cmd_diff - `mapledger diff': the differences between two maps
 */

#include "cli/options/command.h"

extern const struct command command_diff;

#endif
