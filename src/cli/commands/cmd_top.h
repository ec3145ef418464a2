/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CMD_TOP_H
#define CLI_CMD_TOP_H

/*
 * cmd_top - `mapledger top': the places in the program that make the calls
 */

#include "cli/options/command.h"

extern const struct command command_top;

#endif
