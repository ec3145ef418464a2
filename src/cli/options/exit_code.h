/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_EXIT_CODE_H
#define CLI_EXIT_CODE_H

/*
 * exit_code - the exit status of `mapledger', of every command
 */

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

#endif
