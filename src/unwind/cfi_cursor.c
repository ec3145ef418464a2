/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/cfi_cursor.h"

uint64_t cfi_uleb(struct cfi_cursor *cursor)
{
	uint64_t value = 0;
	unsigned shift = 0;
	uint8_t byte;

	do {
		byte = (uint8_t)cfi_unsigned(cursor, 1);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	return value;
}

int64_t cfi_sleb(struct cfi_cursor *cursor)
{
	uint64_t value = 0;
	unsigned shift = 0;
	uint8_t byte;

	do {
		byte = (uint8_t)cfi_unsigned(cursor, 1);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	if ((byte & 0x40) && shift < 64)
		value |= ~0ULL << shift;
	return (int64_t)value;
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
