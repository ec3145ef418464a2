/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_VERIFY_H
#define PRELOAD_VERIFY_H

/*
 * verify - the whole map is compared with the kernel's
 *
 * Both the verdict and the kernel's map go into the ledger: whoever reads it later can repeat
 * the comparison. With the recorder's lock held.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "ledger/ledger_format.h"
#include "vma/vm_compare.h"

/*
 * Compares, calls @report (NULL: nobody) with each difference, and writes the verdict. What
 * differed is read back. Return: how many differences are unexplained, or a negative errno.
 */
int64_t verify_map(bool at_exit, vm_difference_fn report, void *context);

/* Writes a LEDGER_VERIFY group: @head says what was compared, and @comparison the result. */
void verify_write_verdict(const struct ledger_verify *head, const struct vm_comparison *comparison,
			  const struct memory_area *areas, size_t n);

#endif
