/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

/*
 * commands - the list of all commands
 */

#include "cli/options/command.h"

/* Finds a command by its name or alias; NULL when there is none. */
const struct command *command_find(const char *name);

#endif
