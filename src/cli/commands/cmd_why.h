/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CMD_WHY_H
#define CLI_CMD_WHY_H

/*
 * cmd_why - `mapledger why': the history of one address
 */

#include "cli/options/command.h"

extern const struct command command_why;

#endif
