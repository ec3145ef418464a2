/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

/*
 * cli - the command `mapledger': what its commands have in common
 *
 * Each command is a file in commands/ that ends with a struct command: its name, its help
 * and the table of its options, see option_row.h. commands.c lists them. getopt's structures
 * and every help page follow from these rows.
 *
 * The result goes to stdout, messages go to stderr, one line each, beginning
 * with "mapledger: ".
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "cli/option_row.h"

enum cli_exit {
	CLI_FINE = 0,
	CLI_DIFFERENT = 1, /* differences were found */
	CLI_TROUBLE = 2,   /* wrong usage, or something can't be read or written */
	CLI_UNSURE = 3,	   /* the ledger is damaged, or holds nothing to compare with */
	/* `run', as env(1) and timeout(1) do; otherwise it ends as the program did */
	CLI_CHECK_FAILED = 99, /* run --check: findings, and the program had nothing to say */
	CLI_RUN_FAILED = 125,
	CLI_RUN_NOT_EXECUTABLE = 126,
	CLI_RUN_NOT_FOUND = 127,
};

enum color_when {
	COLOR_AUTO,
	COLOR_ALWAYS,
	COLOR_NEVER,
};

/*
 * What all commands are told in the same words. It is the first member of each command's
 * struct of options.
 */
struct common_options {
	bool help;
	bool json;
	bool bytes; /* exact sizes */
	enum color_when color;
	pid_t pid;	     /* of a running process, whose ledger is meant; 0: a file is */
	const char *sysroot; /* where the recorded machine's files are; NULL: / */
	struct moment at;
};

/* Rows of common_options, see common_options.c. */
enum common_row {
	COMMON_PID,
	COMMON_AT,
	COMMON_SYSROOT,
	COMMON_BYTES,
	COMMON_JSON,
	COMMON_COLOR,
	COMMON_HELP,
	COMMON_ROWS,
};
extern const struct option_row common_rows[COMMON_ROWS];

#define COMMON_ROW(type, row)                                                                      \
	OPTION_SHARED(type, common, struct common_options, &common_rows[COMMON_##row])

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

/* @table is an array of rows about the struct @type, which must fit into that room. */
#define COMMAND_OPTIONS(type, table)                                                               \
	.rows = (table), .n_rows = sizeof(table) / sizeof((table)[0]) +                            \
				   0 * sizeof(char[sizeof(type) <= COMMAND_OPTIONS_MAX ? 1 : -1])

#define COMMAND_DETAILS_OF_FILE                                                                    \
	"Without FILE: the newest *.mlg in the current folder; where its program executed\n"       \
	"another in its place, that one's.\n"

#endif
