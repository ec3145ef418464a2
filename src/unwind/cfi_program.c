/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The interpreter of DWARF's call frame instructions
 *
 * DWARF 5, 6.4.2, and the vendor's extensions in .eh_frame.
 */

#include "unwind/cfi.h"
#include "unwind/cfi_cursor.h"
#include "unwind/cfi_entry.h"
#include "unwind/cfi_expression.h"
#include "unwind/cfi_program.h"
#include "unwind/cfi_registers.h"

enum {
	/* in the two high bits, an operand in the others */
	ADVANCE_LOC = 0x40,
	OFFSET = 0x80,
	RESTORE = 0xc0,
	/* all eight bits */
	NOP = 0x00,
	ADVANCE_LOC1 = 0x02,
	ADVANCE_LOC2 = 0x03,
	ADVANCE_LOC4 = 0x04,
	OFFSET_EXTENDED = 0x05,
	RESTORE_EXTENDED = 0x06,
	UNDEFINED = 0x07,
	SAME_VALUE = 0x08,
	REGISTER = 0x09,
	REMEMBER_STATE = 0x0a,
	RESTORE_STATE = 0x0b,
	DEF_CFA = 0x0c,
	DEF_CFA_REGISTER = 0x0d,
	DEF_CFA_OFFSET = 0x0e,
	DEF_CFA_EXPRESSION = 0x0f,
	EXPRESSION = 0x10,
	OFFSET_EXTENDED_SF = 0x11,
	DEF_CFA_SF = 0x12,
	DEF_CFA_OFFSET_SF = 0x13,
	VAL_OFFSET = 0x14,
	VAL_OFFSET_SF = 0x15,
	VAL_EXPRESSION = 0x16,
	GNU_ARGS_SIZE = 0x2e,
	GNU_NEGATIVE_OFFSET_EXTENDED = 0x2f,
};

struct run {
	struct cfi_machine *machine;
	const struct cfi_entry *entry;
	struct cfi_cursor cursor;
	uint64_t location; /* of the row that is being made */
	bool understood;
};

/* NULL: not a register that is followed. */
static struct cfi_register *find_register(struct cfi_row *row, uint64_t number)
{
	switch (number) {
	case CFI_BX:
		return &row->bx;
	case CFI_BP:
		return &row->bp;
	case CFI_PC:
		return &row->pc;
	default:
		return NULL;
	}
}

static void set_place(struct run *run, uint64_t number, enum cfi_place place, int64_t offset)
{
	struct cfi_register *reg = find_register(&run->machine->row, number);

	if (reg != NULL)
		*reg = (struct cfi_register){ .place = place, .offset = offset };
}

static void set_expression(struct run *run, uint64_t number, enum cfi_place place)
{
	uint64_t len = cfi_uleb(&run->cursor);
	struct cfi_register *reg = find_register(&run->machine->row, number);

	if (reg != NULL)
		*reg = (struct cfi_register){
			.place = place,
			.expression = run->cursor.at,
			.expression_len = len,
		};
	cfi_skip(&run->cursor, len);
}

static void restore(struct run *run, uint64_t number)
{
	struct cfi_register *reg = find_register(&run->machine->row, number);

	if (reg != NULL)
		*reg = *find_register(&run->machine->initial, number);
}

static void set_cfa(struct run *run, uint64_t number, int64_t offset)
{
	struct cfi_row *row = &run->machine->row;

	row->cfa_register = number < CFI_CFA ? (unsigned)number : CFI_CFA;
	row->cfa_offset = offset;
	row->cfa_expression = NULL;
}

static void set_cfa_expression(struct run *run)
{
	struct cfi_row *row = &run->machine->row;

	row->cfa_expression_len = cfi_uleb(&run->cursor);
	row->cfa_expression = run->cursor.at;
	cfi_skip(&run->cursor, row->cfa_expression_len);
}

static void remember(struct run *run)
{
	struct cfi_machine *machine = run->machine;

	if (machine->n_remembered == CFI_REMEMBERED)
		run->understood = false;
	else
		machine->remembered[machine->n_remembered++] = machine->row;
}

static void recall(struct run *run)
{
	struct cfi_machine *machine = run->machine;

	if (machine->n_remembered == 0)
		run->understood = false;
	else
		machine->row = machine->remembered[--machine->n_remembered];
}

static int64_t aligned(const struct run *run, int64_t factor)
{
	return (int64_t)((uint64_t)factor * (uint64_t)run->entry->data_align);
}

static void advance(struct run *run, uint64_t by)
{
	run->location += by * run->entry->code_align;
}

/* The instructions that move on, or say where the CFA is. Return: false for all others. */
static bool about_location_or_cfa(struct run *run, uint8_t code)
{
	struct cfi_cursor *cursor = &run->cursor;
	struct cfi_row *row = &run->machine->row;
	uint64_t number;

	switch (code) {
	case ADVANCE_LOC1:
		advance(run, cfi_unsigned(cursor, 1));
		return true;
	case ADVANCE_LOC2:
		advance(run, cfi_unsigned(cursor, 2));
		return true;
	case ADVANCE_LOC4:
		advance(run, cfi_unsigned(cursor, 4));
		return true;
	case DEF_CFA:
		number = cfi_uleb(cursor);
		set_cfa(run, number, (int64_t)cfi_uleb(cursor));
		return true;
	case DEF_CFA_SF:
		number = cfi_uleb(cursor);
		set_cfa(run, number, aligned(run, cfi_sleb(cursor)));
		return true;
	case DEF_CFA_REGISTER:
		set_cfa(run, cfi_uleb(cursor), row->cfa_offset);
		return true;
	case DEF_CFA_OFFSET:
		set_cfa(run, row->cfa_register, (int64_t)cfi_uleb(cursor));
		return true;
	case DEF_CFA_OFFSET_SF:
		set_cfa(run, row->cfa_register, aligned(run, cfi_sleb(cursor)));
		return true;
	case DEF_CFA_EXPRESSION:
		set_cfa_expression(run);
		return true;
	default:
		return false;
	}
}

/* The instructions that say where a register is. Return: false for all others. */
static bool about_register(struct run *run, uint8_t code)
{
	struct cfi_cursor *cursor = &run->cursor;
	uint64_t number;

	if (code < OFFSET_EXTENDED || code > GNU_NEGATIVE_OFFSET_EXTENDED)
		return false;
	number = cfi_uleb(cursor);
	switch (code) {
	case OFFSET_EXTENDED:
		set_place(run, number, CFI_AT_CFA, aligned(run, (int64_t)cfi_uleb(cursor)));
		return true;
	case OFFSET_EXTENDED_SF:
		set_place(run, number, CFI_AT_CFA, aligned(run, cfi_sleb(cursor)));
		return true;
	case GNU_NEGATIVE_OFFSET_EXTENDED:
		set_place(run, number, CFI_AT_CFA, aligned(run, (int64_t)(0 - cfi_uleb(cursor))));
		return true;
	case EXPRESSION:
		set_expression(run, number, CFI_EXPRESSION);
		return true;
	case VAL_EXPRESSION:
		set_expression(run, number, CFI_LOST);
		return true;
	case VAL_OFFSET:
	case VAL_OFFSET_SF:
	case REGISTER:
		set_place(run, number, CFI_LOST, 0);
		cfi_uleb(cursor);
		return true;
	case RESTORE_EXTENDED:
		restore(run, number);
		return true;
	case UNDEFINED:
		set_place(run, number, CFI_UNDEFINED, 0);
		return true;
	case SAME_VALUE:
		set_place(run, number, CFI_SAME, 0);
		return true;
	default:
		return false;
	}
}

static void extended(struct run *run, uint8_t code)
{
	if (code == NOP)
		return;
	if (code == REMEMBER_STATE)
		remember(run);
	else if (code == RESTORE_STATE)
		recall(run);
	else if (code == GNU_ARGS_SIZE)
		cfi_uleb(&run->cursor);
	else if (!about_location_or_cfa(run, code) && !about_register(run, code))
		run->understood = false;
}

static void instruction(struct run *run)
{
	uint8_t code = (uint8_t)cfi_unsigned(&run->cursor, 1);
	uint8_t operand = code & 0x3f;

	switch (code & 0xc0) {
	case ADVANCE_LOC:
		advance(run, operand);
		break;
	case OFFSET:
		set_place(run, operand, CFI_AT_CFA, aligned(run, (int64_t)cfi_uleb(&run->cursor)));
		break;
	case RESTORE:
		restore(run, operand);
		break;
	default:
		extended(run, code);
		break;
	}
}

/* Stops at the first row that is about an instruction behind @at. */
static bool run_until(struct run *run, struct cfi_cursor program, uint64_t at)
{
	run->cursor = program;
	while (run->cursor.at < run->cursor.end && run->understood) {
		instruction(run);
		if (run->location > at)
			break;
	}
	return run->understood && !run->cursor.bad;
}

bool cfi_run(struct cfi_machine *machine, const struct cfi_entry *entry, uint64_t at)
{
	struct run run = {
		.machine = machine,
		.entry = entry,
		.location = entry->start,
		.understood = true,
	};

	machine->row = (struct cfi_row){ .cfa_register = CFI_CFA };
	machine->n_remembered = 0;
	if (!run_until(&run, entry->initial, at))
		return false;
	machine->initial = machine->row;
	return run_until(&run, entry->program, at);
}
