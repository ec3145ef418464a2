/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_SHIM_ENVIRONMENT_H
#define CLI_SHIM_ENVIRONMENT_H

/*
 * shim_environment - finds the shim, libmapledger.so, and sets the variables by which a program
 * loads it and which hold its options
 */

#include <limits.h>
#include <stdbool.h>

/*
 * Finds the shim: $MAPLEDGER_SHIM, or in the build folder, or where it was installed. Return:
 * false after a complaint.
 */
bool shim_find(char shim[PATH_MAX]);

/**
 * shim_environment_set() - set LD_PRELOAD, ASAN_OPTIONS and MAPLEDGER_OPTIONS of this process
 * @output:   where the ledger of this process goes
 * @settings: more for MAPLEDGER_OPTIONS: ":verify=each:raw=1", or ""
 *
 * What the user has in the variables is kept. Return: false when that is not possible, mostly
 * after a complaint.
 */
bool shim_environment_set(const char *shim, const char *output, const char *settings);

#endif
