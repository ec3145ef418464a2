/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CMD_DEMO_H
#define CLI_CMD_DEMO_H

/*
 * cmd_demo - `mapledger demo': programs that are broken on purpose, recorded and explained
 */

#include "cli/options/command.h"

extern const struct command command_demo;

#endif
