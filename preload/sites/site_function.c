/* SPDX-License-Identifier: Apache-2.0 */
#include <elf.h>
#include <string.h>
#include "base/mutation.h"
#include "sites/site_function.h"
#include "sites/site_go.h"
#include "shim/shim.h"

/* ------------------------------------------------------------------- .eh_frame */

/* DW_EH_PE_: how a pointer is written. */
#define UDATA4	    0x03
#define SDATA4	    0x0b
#define PC_RELATIVE 0x10
#define DATA_SDATA4 0x3b /* relative to .eh_frame_hdr */
#define OMITTED	    0xff

struct search_table {
	uint64_t base; /* of .eh_frame_hdr */
	uint64_t first;
	uint32_t count;
};

struct search_entry {
	int32_t function; /* relative to the base */
	int32_t fde;
};

static bool open_table(struct site_text *text, struct search_table *table)
{
	uint8_t head[12]; /* version, three encodings, pointer to .eh_frame, count */

	if (text->eh_frame_hdr == 0 ||
	    !site_text_read_at(text, text->eh_frame_hdr, head, sizeof(head)))
		return false;
	if (head[0] != 1 || (head[1] & 7) != UDATA4 || head[2] != UDATA4 || head[3] != DATA_SDATA4)
		return false;
	table->base = text->eh_frame_hdr;
	table->first = table->base + sizeof(head);
	memcpy(&table->count, head + 8, sizeof(table->count));
	return true;
}

static bool read_entry(struct site_text *text, const struct search_table *table, uint32_t i,
		       struct search_entry *entry)
{
	return site_text_read_at(text, table->first + (uint64_t)i * sizeof(*entry), entry,
				 sizeof(*entry));
}

/* The last function that begins at or below @addr. */
static bool search(struct site_text *text, const struct search_table *table, uint64_t addr,
		   struct search_entry *found)
{
	int64_t wanted = (int64_t)(addr - table->base);
	uint32_t low = 0, high = table->count;
	struct search_entry entry;
	bool any = false;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (!read_entry(text, table, middle, &entry))
			return false;
		if (entry.function <= wanted) {
			*found = entry;
			any = true;
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return any;
}

static unsigned skip_leb128(const uint8_t *bytes, unsigned at, unsigned size)
{
	while (at < size && (bytes[at] & 0x80))
		at++;
	return at + 1;
}

struct augmentation {
	uint8_t pointers; /* encoding of a function's beginning */
	uint8_t lsda;
};

/*
 * A common information entry: length, id, version, augmentation string, two LEB128
 * numbers, the return address's register, and what the string announces. gcc and
 * clang write "zR", "zPLR" and "zRS".
 */
static bool read_cie(struct site_text *text, uint64_t addr, struct augmentation *augmentation)
{
	uint8_t cie[48];
	const unsigned size = sizeof(cie);
	unsigned string = 9, at = string;

	*augmentation = (struct augmentation){ 0, OMITTED };
	if (!site_text_read_at(text, addr, cie, size) || cie[string] != 'z')
		return false;
	while (at < size && cie[at] != 0)
		at++;
	at = skip_leb128(cie, at + 1, size);
	at = skip_leb128(cie, at, size);
	at = skip_leb128(cie, at, size);
	at = skip_leb128(cie, at, size);
	for (unsigned i = string + 1; at < size && cie[i] != 0; i++) {
		if (cie[i] == 'R')
			augmentation->pointers = cie[at++];
		else if (cie[i] == 'L')
			augmentation->lsda = cie[at++];
		else if (cie[i] == 'P' && (cie[at] & 7) == UDATA4)
			at += 5;
		else if (cie[i] != 'S' && cie[i] != 'B')
			return false;
	}
	return at < size;
}

/* A frame description entry: length, way back to its CIE, begin, size, augmentation. */
static bool read_fde(struct site_text *text, uint64_t addr, uint64_t begin, uint32_t *size,
		     bool *landing_pads)
{
	struct {
		uint32_t length;
		uint32_t to_cie;
		int32_t begin;
		uint32_t size;
		uint8_t augmentation_size;
		uint8_t lsda[4];
	} __attribute__((packed)) fde;
	struct augmentation augmentation;
	uint32_t lsda;

	if (!site_text_read_at(text, addr, &fde, sizeof(fde)) || fde.length >= 0xfffffff0 ||
	    !read_cie(text, addr + 4 - fde.to_cie, &augmentation) ||
	    augmentation.pointers != (PC_RELATIVE | SDATA4) ||
	    addr + 8 + (uint64_t)(int64_t)fde.begin != begin)
		return false;
	memcpy(&lsda, fde.lsda, sizeof(lsda));
	*size = fde.size;
	*landing_pads = augmentation.lsda != OMITTED && lsda != 0;
	return true;
}

static bool find_in_eh_frame(struct site_text *text, uint64_t offset, uint64_t addr,
			     struct site_function *function)
{
	struct search_table table;
	struct search_entry entry = { 0 };
	uint64_t begin;
	uint32_t size;

	if (!open_table(text, &table) || !search(text, &table, addr, &entry))
		return false;
	begin = table.base + (uint64_t)(int64_t)entry.function;
	if (!read_fde(text, table.base + (uint64_t)(int64_t)entry.fde, begin, &size,
		      &function->landing_pads) ||
	    (addr - begin >= size && !ML_MUTATED(FUNCTION_HAS_NO_END)))
		return false;
	function->offset = offset - (addr - begin);
	function->size = size;
	return true;
}

/* --------------------------------------------------------------------- symbols */

#define SYMBOLS_AT_ONCE 64
#define SYMBOLS_MAX	(2u << 20) /* looked at in all searches of one file */

static bool find_symbols(struct site_text *text, Elf64_Shdr *found)
{
	Elf64_Shdr header;
	bool any = false;

	for (uint32_t i = 0; i < text->n_section_headers; i++) {
		if (!site_text_read(text, text->section_headers + i * sizeof(header), &header,
				    sizeof(header)))
			return any;
		if (header.sh_type == SHT_SYMTAB || (header.sh_type == SHT_DYNSYM && !any)) {
			*found = header;
			any = true;
		}
	}
	return any && found->sh_entsize == sizeof(Elf64_Sym);
}

static bool covers(const Elf64_Sym *symbol, uint64_t addr)
{
	return ELF64_ST_TYPE(symbol->st_info) == STT_FUNC && symbol->st_shndx != SHN_UNDEF &&
	       addr - symbol->st_value < symbol->st_size;
}

static bool find_in_symbols(struct site_text *text, uint64_t offset, uint64_t addr,
			    struct site_function *function)
{
	static Elf64_Sym symbols[SYMBOLS_AT_ONCE];
	Elf64_Shdr table = { 0 };
	uint64_t at = 0;

	if (text->n_symbols >= SYMBOLS_MAX || !site_text_open(text) || !find_symbols(text, &table))
		return false;
	while (at < table.sh_size && text->n_symbols < SYMBOLS_MAX) {
		uint64_t left = table.sh_size - at;
		long got = site_text_read_some(text, table.sh_offset + at, symbols,
					       left < sizeof(symbols) ? left : sizeof(symbols));

		for (unsigned i = 0; got > 0 && i < (unsigned)got / sizeof(symbols[0]); i++)
			if (covers(&symbols[i], addr)) {
				function->offset = offset - (addr - symbols[i].st_value);
				function->size = symbols[i].st_size;
				return true;
			}
		if (got < (long)sizeof(symbols))
			return false;
		at += sizeof(symbols);
		text->n_symbols += SYMBOLS_AT_ONCE;
	}
	return false;
}

bool site_function_find(struct site_text *text, uint64_t offset, struct site_function *function)
{
	uint64_t addr;

	*function = (struct site_function){ 0 };
	if (!site_text_to_addr(text, offset, &addr))
		return false;
	return find_in_eh_frame(text, offset, addr, function) ||
	       site_go_find(text, offset, addr, function) ||
	       find_in_symbols(text, offset, addr, function);
}
