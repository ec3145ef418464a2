/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNWIND_CFI_PROGRAM_H
#define UNWIND_CFI_PROGRAM_H

/*
 * cfi_program - runs DWARF's call frame instructions up to one address (private to src/unwind)
 */

#include "unwind/cfi_entry.h"

/*
 * Runs the instructions of the CIE and of the FDE up to @at, which makes the row @machine->row.
 *
 * Return: false when there is an instruction that is not understood.
 */
bool cfi_run(struct cfi_machine *machine, const struct cfi_entry *entry, uint64_t at);

#endif
