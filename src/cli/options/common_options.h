/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_COMMON_OPTIONS_H
#define CLI_COMMON_OPTIONS_H

/*
 * common_options - the options that most commands have, and their rows
 */

#include <stdbool.h>
#include <sys/types.h>
#include "cli/options/option_row.h"
#include "cli/text/output.h"

/*
 * The values of the options that most commands have. This is the first member of each
 * command's struct of options.
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

/* The rows of common_options, see common_options.c. */
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

#endif
