/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_OPEN_LEDGER_H
#define CLI_OPEN_LEDGER_H

/*
 * open_ledger - finds and opens the ledger that a command is about, and says what is wrong
 * with the ledger
 */

#include "cli/options/command.h"
#include "query/find_ledger.h"
#include "query/ledger_view.h"

/**
 * open_find_ledger() - find the ledger file that a command is to look at
 * @pid: of a running process, or 0
 *
 * FILE, or that of the process, or the newest *.mlg in the working directory; of the last,
 * the ledger of the program that its process executed last (and then a line says which).
 *
 * Return: false after a complaint.
 */
bool open_find_ledger(pid_t pid, int n_operands, char **operands, struct found_ledger *found);

/* Opens a ledger, as view_open(). Return: false after a complaint. */
bool open_view(struct ledger_view *view, const char *path, const char *name);

/*
 * Says on stderr why the view's last question has no answer, if that is so, and before that
 * which files gave no names. Nothing is said twice. Return: CLI_TROUBLE.
 */
int open_say_problems(struct ledger_view *view);

/* Shows one ledger. @options: the command's own. Return: an exit code. */
typedef int (*show_ledger_fn)(struct ledger_view *view, const void *options);

/**
 * open_and_show() - find the ledger that a command is about, open, show and close it
 * @common:  --pid, --sysroot
 * @options: handed to @show
 *
 * Problems that are left in the view are said at the end. Return: what @show returned, or
 * CLI_TROUBLE after a complaint.
 */
int open_and_show(const struct common_options *common, int n_operands, char **operands,
		  show_ledger_fn show, const void *options);

#endif
