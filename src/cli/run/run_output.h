/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_RUN_OUTPUT_H
#define CLI_RUN_OUTPUT_H

/*
 * run_output - the path of the ledger of a run
 */

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#define RUN_OUTPUT_DEFAULT "mapledger.%e.%p.mlg"

/* The values of the % words in a pattern. @program: %e is its last part. */
struct run_names {
	const char *program;
	pid_t pid;
	time_t when;
};

/**
 * run_output_expand() - replace the % words of a pattern
 * @path: made absolute
 *
 * Return: NULL, or what is wrong: the end of a sentence that begins with the
 * pattern.
 */
const char *run_output_expand(const char *pattern, const struct run_names *run,
			      char path[PATH_MAX]);

/* Checks that files can be made in the folder of @path. Return: false after a complaint. */
bool run_output_check_folder(const char *path);

/**
 * run_output_check() - check that a ledger can be made at a path
 * @force: remove what an earlier run left there
 *
 * Return: false after a complaint.
 */
bool run_output_check(const char *path, bool force);

#endif
