/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_RUN_SUMMARY_H
#define CLI_RUN_SUMMARY_H

/*
 * run_summary - what `mapledger run' says on stderr when its program has ended
 */

#include "cli/commands/cmd_run.h"
#include "cli/run/run_family.h"
#include "ledger/ledger_format.h"

/* Tells @path without the current folder in front. */
const char *run_short_name(const char *path);

/* Says why there may be no ledger, unless there is one. */
void run_say_nothing_was_recorded(const struct run *run, int status);

/* Prints the summary of the first process and those that it started, and why it crashed, if so. */
void run_summarize(const struct run *run, const struct family *family,
		   const struct ledger_header *first, int status);

/*
 * Says which child was killed by a signal, if one was; and why, where the program's exit status
 * is 128 + that signal.
 */
void run_summarize_crash_of_child(const struct run *run, pid_t pid, int status);

#endif
