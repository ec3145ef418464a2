/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_RUN_CHILD_H
#define CLI_RUN_CHILD_H

/*
 * run_child - starts a program and waits until it ends, as if mapledger were not in between
 *
 * The program gets what mapledger was given: descriptors, process group,
 * terminal, signal dispositions and mask. While it runs, mapledger behaves
 * towards its own parent as the program would: it stops and ends as the program
 * does, and hands on signals that were sent to mapledger alone.
 */

#include <sys/types.h>

/*
 * A program to be started.
 *
 * @path:    to execute
 * @prepare: runs in the child: sets the environment, which may depend on the
 *           process id. Returns 0, or an exit code after a complaint.
 */
struct run_plan {
	const char *path;
	char **argv;
	int (*prepare)(void *context);
	void *context;
};

/**
 * run_child_start() - fork, prepare, execute
 * @pid: set when the program runs
 *
 * Return: 0, or an exit code after a complaint; no process is left behind then.
 */
int run_child_start(const struct run_plan *plan, pid_t *pid);

/* Waits until the program has ended. Return: its wait status. */
int run_child_wait(pid_t pid);

/* Ends mapledger as the program ended: with its exit status, or by the same signal. */
void run_child_end_alike(int status) __attribute__((noreturn));

#endif
