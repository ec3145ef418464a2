/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNWIND_CFI_CURSOR_H
#define UNWIND_CFI_CURSOR_H

/*
 * cfi_cursor - read DWARF's numbers, never outside of what may be read
 *
 * After a number that is cut short or senseless the cursor is at its end for
 * good, @bad, and everything further reads as 0: check once, behind.
 */

#include <stdbool.h>
#include <stdint.h>

struct cfi_cursor {
	const uint8_t *at;
	const uint8_t *end;
	bool bad;
};

static inline uint64_t cfi_fail(struct cfi_cursor *cursor)
{
	cursor->bad = true;
	cursor->at = cursor->end;
	return 0;
}

static inline uint64_t cfi_left(const struct cfi_cursor *cursor)
{
	return (uint64_t)(cursor->end - cursor->at);
}

/* Reads an unsigned number of @size bytes: 1, 2, 4 or 8, in the machine's order. */
static inline uint64_t cfi_unsigned(struct cfi_cursor *cursor, unsigned size)
{
	uint64_t value = 0;

	if (cfi_left(cursor) < size)
		return cfi_fail(cursor);
	__builtin_memcpy(&value, cursor->at, size); /* little endian */
	cursor->at += size;
	return value;
}

static inline int64_t cfi_signed(struct cfi_cursor *cursor, unsigned size)
{
	unsigned unused = 64 - 8 * size;

	return (int64_t)(cfi_unsigned(cursor, size) << unused) >> unused;
}

static inline void cfi_skip(struct cfi_cursor *cursor, uint64_t n)
{
	if (cfi_left(cursor) < n)
		cfi_fail(cursor);
	else
		cursor->at += n;
}

uint64_t cfi_uleb(struct cfi_cursor *cursor);
int64_t cfi_sleb(struct cfi_cursor *cursor);

/**
 * cfi_encoded() - read a pointer in one of .eh_frame's encodings (DW_EH_PE_)
 * @data: what DW_EH_PE_datarel counts from
 *
 * An indirect one is refused: it would have to be fetched from anywhere.
 */
uint64_t cfi_encoded(struct cfi_cursor *cursor, uint8_t encoding, uint64_t data);

#endif
