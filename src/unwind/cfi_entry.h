/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNWIND_CFI_ENTRY_H
#define UNWIND_CFI_ENTRY_H

/*
 * cfi_entry - the entries of .eh_frame that describe an instruction (private to src/unwind)
 */

#include <stdbool.h>
#include "unwind/cfi.h"
#include "unwind/cfi_cursor.h"

/* The FDE of an instruction, and what its CIE adds. */
struct cfi_entry {
	uint64_t start; /* of the function */
	uint64_t code_align;
	int64_t data_align;
	bool is_signal_frame;
	struct cfi_cursor initial; /* instructions of the CIE */
	struct cfi_cursor program; /* and of the FDE */
};

enum cfi_found { CFI_FOUND, CFI_NOT_FOUND, CFI_DAMAGED };

/* Finds the entry of the instruction at @at, by the sorted table at @hdr. */
enum cfi_found cfi_find_entry(struct addr_range readable, uint64_t hdr, uint64_t at,
			      struct cfi_entry *entry);

#endif
