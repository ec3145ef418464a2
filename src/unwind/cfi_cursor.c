/* SPDX-License-Identifier: Apache-2.0 */

/*
 * DWARF's numbers, read within bounds
 */

#include "unwind/cfi_cursor.h"

/* Seven bits a byte, the lowest first; the last byte has the top bit clear. */
struct leb128 {
	uint64_t value;
	unsigned n_bits;
	bool is_negative; /* where it is signed */
};

static struct leb128 read_leb128(struct cfi_cursor *cursor)
{
	struct leb128 number = { 0 };
	uint8_t byte;

	do {
		byte = (uint8_t)cfi_unsigned(cursor, 1);
		if (number.n_bits < 64)
			number.value |= (uint64_t)(byte & 0x7f) << number.n_bits;
		number.n_bits += 7;
	} while (byte & 0x80);
	number.is_negative = byte & 0x40;
	return number;
}

uint64_t cfi_uleb(struct cfi_cursor *cursor)
{
	return read_leb128(cursor).value;
}

int64_t cfi_sleb(struct cfi_cursor *cursor)
{
	struct leb128 number = read_leb128(cursor);

	if (number.is_negative && number.n_bits < 64)
		number.value |= ~0ULL << number.n_bits;
	return (int64_t)number.value;
}

/* DW_EH_PE_: the low half says how it is written, the high half what it counts from. */
static uint64_t encoded_value(struct cfi_cursor *cursor, uint8_t encoding)
{
	switch (encoding & 0xf) {
	case 0x0:
	case 0x4:
	case 0xc:
		return cfi_unsigned(cursor, 8);
	case 0x1:
		return cfi_uleb(cursor);
	case 0x2:
		return cfi_unsigned(cursor, 2);
	case 0x3:
		return cfi_unsigned(cursor, 4);
	case 0x9:
		return (uint64_t)cfi_sleb(cursor);
	case 0xa:
		return (uint64_t)cfi_signed(cursor, 2);
	case 0xb:
		return (uint64_t)cfi_signed(cursor, 4);
	default:
		return cfi_fail(cursor);
	}
}

uint64_t cfi_encoded(struct cfi_cursor *cursor, uint8_t encoding, uint64_t data)
{
	uint64_t here = (uintptr_t)cursor->at;
	uint64_t value = encoded_value(cursor, encoding);

	switch (encoding & 0xf0) {
	case 0x00:
		return value;
	case 0x10:
		return value + here;
	case 0x30:
		return value + data;
	default:
		return cfi_fail(cursor);
	}
}
