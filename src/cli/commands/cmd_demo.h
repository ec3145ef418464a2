/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CMD_DEMO_H
#define CLI_CMD_DEMO_H

#include "cli/cli.h"

extern const struct command command_demo;

#endif
