/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CMD_MAP_H
#define CLI_CMD_MAP_H

#include "cli/cli.h"

extern const struct command command_map;

#endif
