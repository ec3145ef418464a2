/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_OPEN_LEDGER_H
#define CLI_OPEN_LEDGER_H

/*
 * open_ledger - what each command about one ledger begins with: find it, open it
 */

#include "cli/cli.h"
#include "query/ledger_view.h"

/* Show one ledger. @options: the command's own. Return: an exit code. */
typedef int (*show_ledger_fn)(struct ledger_view *view, const void *options);

/**
 * open_and_show() - find the ledger that is meant, open it, show it, close it
 * @common:  --pid, --sysroot
 * @options: handed to @show
 *
 * Return: what @show returned, or CLI_TROUBLE after a complaint.
 */
int open_and_show(const struct common_options *common, int n_operands, char **operands,
		  show_ledger_fn show, const void *options);

#endif
