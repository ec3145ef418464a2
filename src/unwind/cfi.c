/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The search in .eh_frame_hdr for the entry that describes an instruction
 */

#include <stddef.h>
#include "unwind/cfi.h"
#include "unwind/cfi_entry.h"
#include "unwind/cfi_expression.h"
#include "unwind/cfi_program.h"
#include "unwind/cfi_registers.h"

#if defined(__x86_64__)

#define WORD	     8
#define OFFSET_LIMIT (1 << 23)

/* A distance in words that fits a rule's field; false when it is none. */
static bool to_slot(int64_t offset, int *slot)
{
	*slot = (int)(offset / WORD);
	return offset % WORD == 0 && offset > INT16_MIN * WORD && offset < INT16_MAX * WORD;
}

static bool kind_of_register(unsigned reg, enum unwind_kind *kind)
{
	switch (reg) {
	case CFI_SP:
		*kind = UNWIND_SP;
		return true;
	case CFI_BP:
		*kind = UNWIND_BP;
		return true;
	case CFI_BX:
		*kind = UNWIND_BX;
		return true;
	default:
		return false;
	}
}

static bool place_of_cfa(const struct cfi_row *row, uint64_t at, enum unwind_kind *kind,
			 int64_t *offset)
{
	struct cfi_value value = { .base = CFI_REGISTER,
				   .reg = row->cfa_register,
				   .offset = row->cfa_offset };

	if (row->cfa_expression != NULL &&
	    !cfi_evaluate(row->cfa_expression, row->cfa_expression_len, at, false, &value))
		return false;
	*offset = value.base == CFI_WORD_AT ? value.inner : value.offset;
	if (*offset < -OFFSET_LIMIT || *offset >= OFFSET_LIMIT)
		return false;
	*kind = UNWIND_AT_BP;
	if (value.base == CFI_WORD_AT)
		return value.reg == CFI_BP && value.offset == 0;
	return value.base == CFI_REGISTER && kind_of_register(value.reg, kind);
}

/* Where a saved register is: @from_bp is set if it is counted from there. */
static bool place_of_register(const struct cfi_register *reg, uint64_t at, int *slot, bool *from_bp)
{
	struct cfi_value value = { .base = CFI_REGISTER, .reg = CFI_CFA, .offset = reg->offset };

	*from_bp = false;
	switch (reg->place) {
	case CFI_SAME:
		*slot = UNWIND_SAME;
		return true;
	case CFI_UNDEFINED:
	case CFI_LOST:
		*slot = UNWIND_LOST;
		return true;
	case CFI_EXPRESSION:
		if (!cfi_evaluate(reg->expression, reg->expression_len, at, true, &value))
			return false;
		break;
	case CFI_AT_CFA:
		break;
	}
	*from_bp = value.reg == CFI_BP;
	return value.base == CFI_REGISTER && (*from_bp || value.reg == CFI_CFA) &&
	       to_slot(value.offset, slot);
}

static bool is_saved(int slot)
{
	return slot != UNWIND_SAME && slot != UNWIND_LOST;
}

/* A register whose place does not fit is lost, which matters only if a CFA hangs on it. */
static uint64_t pack(const struct cfi_row *row, uint64_t at)
{
	enum unwind_kind kind;
	bool bp_from_bp, bx_from_bp, pc_from_bp;
	int bp, bx, pc;
	int64_t offset;
	unsigned bits = 0;

	if (!place_of_cfa(row, at, &kind, &offset) ||
	    !place_of_register(&row->pc, at, &pc, &pc_from_bp) || !is_saved(pc) || pc_from_bp)
		return unwind_rule(UNWIND_COMPLEX, 0, 0, 0, 0);
	if (!place_of_register(&row->bp, at, &bp, &bp_from_bp))
		bp = UNWIND_LOST;
	if (!place_of_register(&row->bx, at, &bx, &bx_from_bp))
		bx = UNWIND_LOST;
	if (is_saved(bx) && is_saved(bp) && bx_from_bp != bp_from_bp)
		bx = UNWIND_LOST;
	if ((is_saved(bp) && bp_from_bp) || (is_saved(bx) && bx_from_bp))
		bits |= UNWIND_BIT_FROM_BP;
	if (pc != -1) {
		if (bx != UNWIND_SAME)
			return unwind_rule(UNWIND_COMPLEX, 0, 0, 0, 0);
		bits |= UNWIND_BIT_PC_ELSEWHERE;
		bx = pc;
	}
	return unwind_rule(kind, bits, offset, bp, bx);
}

static uint64_t rule_of_entry(struct cfi_machine *machine, const struct cfi_entry *entry,
			      uint64_t at)
{
	if (entry->is_signal_frame)
		return unwind_rule(UNWIND_SIGNAL, 0, 0, 0, 0);
	if (!cfi_run(machine, entry, at))
		return unwind_rule(UNWIND_COMPLEX, 0, 0, 0, 0);
	if (machine->row.pc.place == CFI_UNDEFINED)
		return unwind_rule(UNWIND_OUTERMOST, 0, 0, 0, 0);
	return pack(&machine->row, at);
}

uint64_t cfi_find_rule(struct cfi_machine *machine, struct addr_range readable, uint64_t hdr,
		       uint64_t at)
{
	struct cfi_entry entry;

	switch (cfi_find_entry(readable, hdr, at, &entry)) {
	case CFI_FOUND:
		return rule_of_entry(machine, &entry, at);
	case CFI_NOT_FOUND:
		return unwind_rule(UNWIND_GUESS, 0, 0, 0, 0);
	default:
		return unwind_rule(UNWIND_COMPLEX, 0, 0, 0, 0);
	}
}

#else

uint64_t cfi_find_rule(struct cfi_machine *machine, struct addr_range readable, uint64_t hdr,
		       uint64_t at)
{
	(void)machine;
	(void)readable;
	(void)hdr;
	(void)at;
	return unwind_rule(UNWIND_GUESS, 0, 0, 0, 0);
}

#endif
