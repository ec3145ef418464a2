/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_CONFINE_H
#define PRELOAD_CONFINE_H

/*
 * confine - prepares for a seccomp filter that the program is about to install
 *
 * A filter may kill for any system call the program itself would not make. So
 * what recording may need is got before, and from then on the shim makes no
 * system call of its own: nothing is read back, no memory is asked for, the map
 * is not compared at exit, and a fork child is not recorded. What could not be
 * asked is said in the ledger.
 */

#include <stdint.h>

/* Makes a prctl or seccomp call that installs a filter. Return: its result. */
long confine_call(long nr, const uint64_t args[6]);

#endif
