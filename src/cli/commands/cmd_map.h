/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CMD_MAP_H
#define CLI_CMD_MAP_H

/*
 * cmd_map - `mapledger map': the areas of one moment
 */

#include "cli/options/command.h"

extern const struct command command_map;

#endif
