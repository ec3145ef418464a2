/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_RUN_OUTPUT_H
#define CLI_RUN_OUTPUT_H

/*
 * run_output - where the ledger of a run goes
 */

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#define RUN_OUTPUT_DEFAULT "mapledger.%e.%p.mlg"

/* What % words stand for. @program: %e is its last part. */
struct run_names {
	const char *program;
	pid_t pid;
	time_t when;
};

/**
 * run_output_expand() - a pattern with its % words replaced
 * @path: made absolute
 *
 * Return: NULL, or what is wrong: the end of a sentence that begins with the
 * pattern.
 */
const char *run_output_expand(const char *pattern, const struct run_names *run,
			      char path[PATH_MAX]);

/* Can files be made in its folder? Return: false after a complaint. */
bool run_output_check_folder(const char *path);

/**
 * run_output_check() - can a ledger be made there?
 * @force: remove what an earlier run left there
 *
 * Return: false after a complaint.
 */
bool run_output_check(const char *path, bool force);

#endif
