/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNWIND_CFI_H
#define UNWIND_CFI_H

/*
 * cfi - what an ELF file's unwind tables say about one instruction
 *
 *     .eh_frame_hdr   sorted table: start of a function -> its FDE
 *     .eh_frame       CIE  what many functions have in common
 *                     FDE  how rules change from instruction to instruction
 *
 * The tables are read where they are mapped. Nothing in them is believed: nothing
 * outside of the readable range is touched, however they are damaged, and every
 * loop is bounded by the bytes it reads.
 *
 * x86-64. On other machines every question is answered with UNWIND_GUESS.
 */

#include <stdint.h>
#include <memory_set/memory_set.h>
#include "unwind/unwind_rule.h"

#define CFI_REMEMBERED 8 /* DW_CFA_remember_state inside each other */

/* Where the caller's value of a register is. */
enum cfi_place {
	CFI_SAME = 0,
	CFI_AT_CFA,	/* saved at CFA + @offset */
	CFI_EXPRESSION, /* saved where @expression says */
	CFI_UNDEFINED,	/* this is the outermost frame, if it is pc */
	CFI_LOST,	/* in another register, or computed */
};

struct cfi_register {
	enum cfi_place place;
	int64_t offset;
	const uint8_t *expression;
	uint64_t expression_len;
};

/* One row of the table that an FDE describes. */
struct cfi_row {
	unsigned cfa_register;
	int64_t cfa_offset;
	const uint8_t *cfa_expression; /* instead of both, if not NULL */
	uint64_t cfa_expression_len;
	struct cfi_register bx, bp, pc;
};

/*
 * Memory for a lookup, too large for a small stack. The content means nothing before and after the
 * lookup.
 */
struct cfi_machine {
	struct cfi_row row;
	struct cfi_row initial;
	struct cfi_row remembered[CFI_REMEMBERED];
	unsigned n_remembered;
};

/**
 * cfi_find_rule() - the rule for the instruction at @at
 * @readable: the memory that holds .eh_frame_hdr and .eh_frame
 * @hdr:      where .eh_frame_hdr begins
 *
 * Return: a rule; UNWIND_GUESS when no table speaks of @at, UNWIND_COMPLEX when one
 * does but is damaged or beyond us.
 */
uint64_t cfi_find_rule(struct cfi_machine *machine, struct addr_range readable, uint64_t hdr,
		       uint64_t at);

#endif
