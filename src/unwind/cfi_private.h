/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNWIND_CFI_PRIVATE_H
#define UNWIND_CFI_PRIVATE_H

/* What the files of cfi share. */

#include <stdbool.h>
#include "unwind/cfi.h"
#include "unwind/cfi_cursor.h"

/* DWARF's numbers of the registers on x86-64 (System V psABI, figure 3.36). */
#define CFI_BX 3
#define CFI_BP 6
#define CFI_SP 7
#define CFI_PC 16

/* cfi_entry.c: the FDE of an instruction, and its CIE. */
struct cfi_entry {
	uint64_t start; /* of the function */
	uint64_t code_align;
	int64_t data_align;
	bool is_signal_frame;
	struct cfi_cursor initial; /* instructions of the CIE */
	struct cfi_cursor program; /* and of the FDE */
};

enum cfi_found { CFI_FOUND, CFI_NOT_FOUND, CFI_DAMAGED };

enum cfi_found cfi_find_entry(struct addr_range readable, uint64_t hdr, uint64_t at,
			      struct cfi_entry *entry);

/* cfi_program.c: run both programs up to @at; the row is machine->row. False: not understood. */
bool cfi_run(struct cfi_machine *machine, const struct cfi_entry *entry, uint64_t at);

/* cfi_expression.c */

/*
 * What an expression comes to, as far as it is known before the walk: a number
 * added to nothing, to a register, or to what is in memory at a register.
 */
enum cfi_base { CFI_NOTHING, CFI_REGISTER, CFI_WORD_AT };

struct cfi_value {
	enum cfi_base base;
	unsigned reg;
	int64_t inner; /* CFI_WORD_AT: the word at reg + inner */
	int64_t offset;
};

#define CFI_CFA 100 /* stands for a register whose value is the CFA */

/* False: something else than sums, conditions on numbers, and one word of memory. */
bool cfi_evaluate(const uint8_t *expression, uint64_t len, uint64_t pc, bool push_cfa,
		  struct cfi_value *value);

#endif
