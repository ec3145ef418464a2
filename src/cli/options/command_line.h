/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_COMMAND_LINE_H
#define CLI_COMMAND_LINE_H

/*
 * command_line - parses a command's arguments: options, by the command's table, and operands
 *
 * getopt_long() reads them: options may stand behind operands, long ones may be cut as long
 * as they are clear.
 */

#include "cli/options/command.h"

/**
 * command_line_parse() - read a command's arguments
 * @argv: argv[0] is skipped
 * @options: the command's struct, all zero
 * @first: set to the place of the first operand; operands are moved to the end
 *
 * Return: false after a complaint.
 */
bool command_line_parse(const struct command *command, int argc, char **argv, void *options,
			int *first);

#endif
