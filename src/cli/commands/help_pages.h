/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_HELP_PAGES_H
#define CLI_HELP_PAGES_H

/*
 * help_pages - the pages of `mapledger help', printed from the tables that they are about
 */

#include "cli/options/command.h"

void help_print_commands(const struct command *const *commands, size_t n);
void help_print_command(const struct command *command);

/* Prints the options of the shim, see base/options.h. */
void help_print_environment(void);

/* Prints which calls change the map and how each is caught, as the Markdown of the README. */
void help_print_coverage(void);

#endif
