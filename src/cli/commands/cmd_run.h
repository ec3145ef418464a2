/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CMD_RUN_H
#define CLI_CMD_RUN_H

/*
 * cmd_run - `mapledger run': record a program, and say at its end what was recorded
 */

#include <limits.h>
#include <time.h>
#include "cli/options/command.h"
#include "cli/report/audit_options.h"
#include "cli/run/program.h"

struct run_options {
	struct common_options common;
	struct audit_report_options audit;
	const char *output;
	bool force;
	bool keep_all;
	bool quiet;
	bool check; /* audit in the end, and fail if it finds something */
	enum on_crash {
		ON_CRASH_EXPLAIN,
		ON_CRASH_QUIET,
	} on_crash;
	/* what the shim is told; NULL or 0: nothing */
	uint64_t max_size;
	const char *follow;
	bool raw;
	const char *verify;
	const char *stack;
	uint64_t depth;
	uint64_t hold;
	const char *enforce;
	const char *stop;
};

/* One program that is run. */
struct run {
	const struct run_options *options;
	char **argv;
	const char *pattern;
	time_t when;
	struct program program;
	char shim[PATH_MAX];
	char output[PATH_MAX]; /* of the child once it runs */
};

/*
 * Runs a program, @operands[0], under the shim, says at the program's end what was recorded, and
 * ends as the program did. Return: an exit code, only when the program was not started.
 */
int run_and_record(const struct run_options *options, int n_operands, char **operands);

extern const struct command command_run;

#endif
