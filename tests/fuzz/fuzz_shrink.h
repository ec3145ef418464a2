/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FUZZ_FUZZ_SHRINK_H
#define TESTS_FUZZ_FUZZ_SHRINK_H

/*
 * fuzz_shrink - shortens a failing sequence of calls to one that still fails
 *
 * Calls are left out, many at a time and then one at a time, and what is left is
 * run in a fresh child; then arguments are made simpler. What fails in the same way
 * stays.
 */

#include "fuzz_run.h"

/*
 * @calls, @n: changed in place
 *
 * Return: false when the sequence does not fail again as it is.
 */
bool fuzz_shrink(const struct fuzz_setup *setup, struct fuzz_call *calls, uint32_t *n);

#endif
