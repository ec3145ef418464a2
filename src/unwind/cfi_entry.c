/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The search for an instruction's entries in .eh_frame: the FDE of its function, and the CIE that
 * the FDE refers to
 *
 * Linux Standard Base, 10.6: Exception Frames, and .eh_frame_hdr.
 */

#include "unwind/cfi_cursor.h"
#include "unwind/cfi_entry.h"
#include "unwind/cfi_registers.h"

#define ENCODING_UDATA4	 0x03
#define ENCODING_TABLE	 0x3b /* signed 4 bytes, from the start of .eh_frame_hdr */
#define ENCODING_FORMAT	 0x0f
#define TABLE_ENTRY_SIZE 8

/* From @at to the end of what is readable; at its end, if @at is outside. */
static struct cfi_cursor cursor_at(struct addr_range readable, uint64_t at)
{
	bool inside = at >= readable.start && at < readable.end;

	return (struct cfi_cursor){
		.at = (const uint8_t *)(uintptr_t)(inside ? at : readable.end),
		.end = (const uint8_t *)(uintptr_t)readable.end,
		.bad = !inside,
	};
}

/* ------------------------------------------------------------- the sorted table */

struct table {
	const uint8_t *entries;
	uint64_t n;
	uint64_t hdr; /* what its numbers count from */
};

/* All linkers write this one encoding. */
static bool open_table(struct addr_range readable, uint64_t hdr, struct table *table)
{
	struct cfi_cursor cursor = cursor_at(readable, hdr);
	uint8_t version = (uint8_t)cfi_unsigned(&cursor, 1);
	uint8_t frame_encoding = (uint8_t)cfi_unsigned(&cursor, 1);
	uint8_t count_encoding = (uint8_t)cfi_unsigned(&cursor, 1);
	uint8_t table_encoding = (uint8_t)cfi_unsigned(&cursor, 1);

	if (version != 1 || count_encoding != ENCODING_UDATA4 || table_encoding != ENCODING_TABLE)
		return false;
	cfi_encoded(&cursor, frame_encoding, hdr);
	table->n = cfi_unsigned(&cursor, 4);
	table->entries = cursor.at;
	table->hdr = hdr;
	if (table->n > cfi_left(&cursor) / TABLE_ENTRY_SIZE)
		return false;
	return !cursor.bad && table->n > 0;
}

static uint64_t table_word(const struct table *table, uint64_t i, unsigned word)
{
	int32_t value;

	__builtin_memcpy(&value, table->entries + i * TABLE_ENTRY_SIZE + word * sizeof(value),
			 sizeof(value));
	return table->hdr + (uint64_t)(int64_t)value;
}

/* The FDE of the last function that begins at or below @at, or 0. */
static uint64_t search(const struct table *table, uint64_t at)
{
	uint64_t low = 0, high = table->n;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (table_word(table, middle, 0) <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low == 0 ? 0 : table_word(table, low - 1, 1);
}

/* ------------------------------------------------------------------ CIE and FDE */

/* Behind its length: the rest of the entry. */
static struct cfi_cursor open_entry(struct addr_range readable, uint64_t at)
{
	struct cfi_cursor cursor = cursor_at(readable, at);
	uint64_t len = cfi_unsigned(&cursor, 4);

	if (len == 0 || len == 0xffffffff || len > cfi_left(&cursor))
		cfi_fail(&cursor);
	else
		cursor.end = cursor.at + len;
	return cursor;
}

struct cie {
	uint8_t pointer_encoding;
	bool has_data; /* the FDE has augmentation data, too */
};

/* "zPLR" and the like: one letter for each thing in the data. */
static void read_augmentation(struct cfi_cursor *cursor, const uint8_t *letter, struct cie *cie,
			      struct cfi_entry *entry)
{
	uint64_t len = cfi_uleb(cursor);
	struct cfi_cursor data = { .at = cursor->at, .end = cursor->at, .bad = false };
	uint8_t encoding;

	cfi_skip(cursor, len);
	data.end = cursor->at;
	for (; *letter != '\0'; letter++) {
		if (*letter == 'R') {
			cie->pointer_encoding = (uint8_t)cfi_unsigned(&data, 1);
		} else if (*letter == 'P') {
			encoding = (uint8_t)cfi_unsigned(&data, 1);
			cfi_encoded(&data, encoding & 0x7f, 0);
		} else if (*letter == 'L') {
			cfi_unsigned(&data, 1);
		} else if (*letter == 'S') {
			entry->is_signal_frame = true;
		}
	}
	cursor->bad |= data.bad;
}

static bool read_cie(struct addr_range readable, uint64_t at, struct cie *cie,
		     struct cfi_entry *entry)
{
	struct cfi_cursor cursor = open_entry(readable, at);
	uint64_t id = cfi_unsigned(&cursor, 4);
	uint8_t version = (uint8_t)cfi_unsigned(&cursor, 1);
	const uint8_t *letters = cursor.at;
	uint64_t pc_register;

	while (cfi_unsigned(&cursor, 1) != 0)
		;
	if (cursor.bad || id != 0 || (version != 1 && version != 3))
		return false;
	entry->code_align = cfi_uleb(&cursor);
	entry->data_align = cfi_sleb(&cursor);
	pc_register = version == 1 ? cfi_unsigned(&cursor, 1) : cfi_uleb(&cursor);
	if (pc_register != CFI_PC)
		return false;
	cie->has_data = letters[0] == 'z';
	if (cie->has_data)
		read_augmentation(&cursor, letters + 1, cie, entry);
	else if (letters[0] != '\0')
		return false;
	entry->initial = cursor;
	return !cursor.bad;
}

static enum cfi_found read_fde(struct addr_range readable, uint64_t fde, uint64_t at,
			       struct cfi_entry *entry)
{
	struct cfi_cursor cursor = open_entry(readable, fde);
	uint64_t from = (uintptr_t)cursor.at;
	uint64_t back = cfi_unsigned(&cursor, 4);
	struct cie cie = { 0 };
	uint64_t size;

	if (cursor.bad || back == 0 || !read_cie(readable, from - back, &cie, entry))
		return CFI_DAMAGED;
	entry->start = cfi_encoded(&cursor, cie.pointer_encoding, 0);
	size = cfi_encoded(&cursor, cie.pointer_encoding & ENCODING_FORMAT, 0);
	if (cie.has_data)
		cfi_skip(&cursor, cfi_uleb(&cursor));
	entry->program = cursor;
	if (cursor.bad)
		return CFI_DAMAGED;
	return at - entry->start < size ? CFI_FOUND : CFI_NOT_FOUND;
}

enum cfi_found cfi_find_entry(struct addr_range readable, uint64_t hdr, uint64_t at,
			      struct cfi_entry *entry)
{
	struct table table;
	uint64_t fde;

	*entry = (struct cfi_entry){ 0 };
	if (!open_table(readable, hdr, &table))
		return CFI_DAMAGED;
	fde = search(&table, at);
	return fde == 0 ? CFI_NOT_FOUND : read_fde(readable, fde, at, entry);
}
