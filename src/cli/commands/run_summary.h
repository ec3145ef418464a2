/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_RUN_SUMMARY_H
#define CLI_RUN_SUMMARY_H

/*
 * run_summary - what `mapledger run' says on stderr when its program has ended
 */

#include "cli/commands/cmd_run.h"
#include "cli/run/run_family.h"
#include "ledger/ledger_format.h"

/* @path without the current folder in front. */
const char *run_short_name(const char *path);

/* Unless there is a ledger, say why there may be none. */
void run_say_nothing_was_recorded(const struct run *run, int status);

/* What the first process was at its end. */
void run_summarize(const struct run *run, const struct family *family,
		   const struct ledger_header *first, int status);

/* When a child was killed by a signal, say which, and where the program passes it on, why. */
void run_summarize_crash_of_child(const struct run *run, pid_t pid, int status);

#endif
