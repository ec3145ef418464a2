/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

/*
 * commands - the list of all commands
 */

#include "cli/options/command.h"

/* By its name or its alias; NULL when there is no such command. */
const struct command *command_find(const char *name);

#endif
