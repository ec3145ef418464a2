/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "cli/commands/cmd_audit.h"
#include "cli/commands/cmd_demo.h"
#include "cli/commands/cmd_diff.h"
#include "cli/commands/cmd_explain.h"
#include "cli/commands/cmd_info.h"
#include "cli/commands/cmd_log.h"
#include "cli/commands/cmd_map.h"
#include "cli/commands/cmd_run.h"
#include "cli/commands/cmd_top.h"
#include "cli/commands/cmd_verify.h"
#include "cli/commands/cmd_why.h"
#include "cli/commands/commands.h"
#include "cli/commands/help_pages.h"
#include "cli/text/output.h"

/* `help' is about the list that it stands in, and so has no file of its own. */
static int cmd_help(const void *options, int n_operands, char **operands);

static const struct command command_help = {
	.name = "help",
	.usage = "[COMMAND|environment|coverage]",
	.summary = "about a command, or about what can be set in the environment",
	.details = "",
	.rows = &common_rows[COMMON_HELP],
	.n_rows = 1,
	.run = cmd_help,
	.trouble = CLI_TROUBLE,
};

/* In the order of the help page. */
static const struct command *const commands[] = {
	&command_run,	  &command_info,  &command_map,	 &command_log,
	&command_why,	  &command_top,	  &command_diff, &command_verify,
	&command_explain, &command_audit, &command_demo, &command_help,
};
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < N_COMMANDS; i++) {
		const struct command *command = commands[i];

		if (strcmp(name, command->name) == 0 ||
		    (command->alias != NULL && strcmp(name, command->alias) == 0))
			return command;
	}
	return NULL;
}

static int cmd_help(const void *options, int n_operands, char **operands)
{
	const struct command *command;

	(void)options;
	if (n_operands == 0) {
		help_print_commands(commands, N_COMMANDS);
		return CLI_FINE;
	}
	if (strcmp(operands[0], "environment") == 0) {
		help_print_environment();
		return CLI_FINE;
	}
	if (strcmp(operands[0], "coverage") == 0) {
		help_print_coverage();
		return CLI_FINE;
	}
	command = command_find(operands[0]);
	if (command == NULL) {
		complain("there is no command '%s'; see: mapledger help", operands[0]);
		return CLI_TROUBLE;
	}
	help_print_command(command);
	return CLI_FINE;
}
