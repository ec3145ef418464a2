/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_FINISH_H
#define PRELOAD_FINISH_H

/*
 * finish - the ledger is brought to its end, and compared with the kernel before
 */

#include <stdbool.h>
#include <stdint.h>
#include "vma/vm_compare.h"

/*
 * Records what is pending, compares the map with the kernel, and writes the result to the
 * ledger. With the recorder's lock held. Return: how many differences are unexplained, or a
 * negative errno.
 */
int64_t finish_verify(bool at_exit, vm_difference_fn report, void *context);

/* The process is about to end: its ledger is completed. */
void finish_at_exit(int status);

#endif
