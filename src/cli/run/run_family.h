/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_RUN_FAMILY_H
#define CLI_RUN_FAMILY_H

/*
 * run_family - tidies up the ledgers of a program's children after the end of the run
 */

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Counts of the processes whose ledgers are in FILE.d/. Processes are counted, not
 * ledgers: one that executes another program has several.
 *
 * @last: what the first process executed last, if it executed anything
 */
struct family {
	uint64_t n_followed;
	uint64_t n_start_up; /* did nothing but start up; removed unless all are kept */
	uint64_t n_running;
	uint64_t n_different; /* not equal to the kernel's map */
	bool has_last;
	char last[PATH_MAX];
};

/**
 * family_tidy() - judge, remove and trim the ledgers of children
 * @path: of the first process's ledger
 * @root: its process id; its last ledger is kept whatever it holds
 *
 * Ledgers that a process is still writing are left alone.
 */
void family_tidy(const char *path, pid_t root, bool keep_all, struct family *family);

/*
 * The crashes among the processes that the first one started: how many, and where the
 * last is recorded.
 */
struct family_crash {
	uint64_t n;
	uint32_t pid;
	uint32_t signal;
	char path[PATH_MAX];
};

/**
 * family_find_crash() - look for crashes in the ledgers of children
 * @path: of the first process's ledger
 * @root: its process id
 *
 * Return: is there any?
 */
bool family_find_crash(const char *path, pid_t root, struct family_crash *crash);

/**
 * ledger_trim() - give back what a ledger did not use
 *
 * A ledger is made as large as it may become. Once its process is gone, unused
 * segments at the end are cut off, and a single segment is made as small as its
 * contents. The header is changed first, so that the file is never too short for
 * what it says. Nothing happens when somebody has the file open for writing or
 * mapped.
 */
void ledger_trim(const char *path);

#endif
