/* SPDX-License-Identifier: Apache-2.0 */

/* main - finds the command that the first argument of `mapledger' names, and runs it */

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "cli/options/command_line.h"
#include "cli/commands/commands.h"
#include "cli/commands/help_pages.h"
#include "cli/text/output.h"
#include "query/heap.h"

/* Each command's struct of options begins with common_options. */
union any_options {
	struct common_options common;
	char room[COMMAND_OPTIONS_MAX];
};

static int run_command(const struct command *command, int argc, char **argv)
{
	union any_options options;
	int first;

	memset(&options, 0, sizeof(options));
	if (!command_line_parse(command, argc, argv, &options, &first))
		return command->trouble;
	output_set_color(options.common.color);
	if (options.common.help) {
		help_print_command(command);
		return CLI_FINE;
	}
	return command->run(&options, argc - first, argv + first);
}

/* A word that can only be meant as a file. */
static bool looks_like_file(const char *word)
{
	size_t len = strlen(word);

	return strchr(word, '/') != NULL || (len > 4 && strcmp(word + len - 4, ".mlg") == 0) ||
	       access(word, F_OK) == 0;
}

static int no_such_command(const char *word)
{
	if (word[0] == '-')
		complain("unknown option '%s'; see: mapledger help", word);
	else
		complain("there is no command '%s'; see: mapledger help", word);
	return CLI_TROUBLE;
}

static int dispatch(int argc, char **argv)
{
	const struct command *command;

	if (argc < 2) {
		complain("say what to do: mapledger run PROGRAM, or see: mapledger help");
		return CLI_TROUBLE;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		puts("mapledger " MAPLEDGER_VERSION);
		return CLI_FINE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return command_find("help")->run(NULL, argc - 2, argv + 2);
	command = command_find(argv[1]);
	if (command != NULL)
		return run_command(command, argc - 1, argv + 1);
	if (argv[1][0] != '-' && looks_like_file(argv[1]))
		return run_command(command_find("info"), argc, argv);
	return no_such_command(argv[1]);
}

static void no_memory(void)
{
	complain("out of memory");
	_exit(CLI_TROUBLE);
}

int main(int argc, char **argv)
{
	output_start();
	heap_at_exhaustion(no_memory);
	return output_finish(dispatch(argc, argv), CLI_TROUBLE);
}
