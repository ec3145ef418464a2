/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

/*
 * command - the description of one command: its name, its help, its options
 *
 * Each command is a file in commands/ that ends with a struct command; commands.c lists
 * them. getopt's structures and every help page follow from these rows.
 */

#include <stdbool.h>
#include <stddef.h>
#include "cli/options/common_options.h"
#include "cli/options/exit_code.h"

/*
 * One command.
 *
 * @rows:        of its options, in the order of its help page
 * @keeps_order: options end where operands begin
 * @run:         gets its struct of options, which begins with common_options, and the
 *               operands; returns an exit code
 * @usage:       what stands behind the name
 * @summary:     one line
 * @details:     paragraphs for its own help page; lines of at most 80 columns
 * @trouble:     exit code for wrong usage
 */
struct command {
	const char *name;
	const char *alias; /* or NULL */
	const char *usage;
	const char *summary;
	const char *details;
	const struct option_row *rows;
	size_t n_rows;
	bool keeps_order;
	int (*run)(const void *options, int n_operands, char **operands);
	int trouble;
};

/* Room for any command's struct of options. */
#define COMMAND_OPTIONS_MAX 1024

/* Sets @rows and @n_rows: @table is an array about the struct @type, which must fit the room. */
#define COMMAND_OPTIONS(type, table)                                                               \
	.rows = (table), .n_rows = sizeof(table) / sizeof((table)[0]) +                            \
				   0 * sizeof(char[sizeof(type) <= COMMAND_OPTIONS_MAX ? 1 : -1])

#define COMMAND_DETAILS_OF_FILE                                                                    \
	"Without FILE: the newest *.mlg in the current folder; where its program executed\n"       \
	"another in its place, that one's.\n"

#endif
