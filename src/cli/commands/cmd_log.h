/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CMD_LOG_H
#define CLI_CMD_LOG_H

/*
 * cmd_log - `mapledger log': the recorded calls, line by line
 */

#include "cli/options/command.h"

extern const struct command command_log;

#endif
