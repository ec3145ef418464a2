/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_PROGRAM_H
#define CLI_PROGRAM_H

/*
 * program - finds the program that is to be run, and checks that the loader will load
 * the shim into it
 */

#include <limits.h>

struct program {
	char path[PATH_MAX]; /* to execute */
};

/**
 * program_find() - look a program up as execvp(3) does, and look into it
 *
 * Follows #! lines. A program that can be executed but not recorded is refused:
 * statically linked, of another machine, with rights of its own.
 *
 * Return: 0, or after a complaint CLI_RUN_FAILED, CLI_RUN_NOT_EXECUTABLE or
 * CLI_RUN_NOT_FOUND.
 */
int program_find(const char *name, struct program *program);

#endif
