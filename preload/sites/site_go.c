/* SPDX-License-Identifier: Apache-2.0 */

/*
 * site_go - function bounds from Go's own table
 *
 * Go's linker writes no .eh_frame, and a stripped binary has no symbols, but the
 * runtime needs a table of all functions, sorted by address: .gopclntab. As of Go 1.18
 * it begins with
 *
 *     magic, 2 zeros, 1, 8 (a pointer's size), then in words of 8 bytes:
 *     functions, files, where the code begins, four offsets, offset of the functions
 *
 * and has a pair of 4 bytes for each: the beginning, relative to the code's; something
 * else. One more pair ends the last.
 */

#include <elf.h>
#include <string.h>
#include "sites/site_go.h"

struct go_table {
	uint32_t magic;
	uint8_t zeros[2];
	uint8_t quantum;
	uint8_t pointer_size;
	uint64_t n_functions;
	uint64_t n_files;
	uint64_t code;
	uint64_t offsets[4];
	uint64_t functions;
};

#define MAGIC_1_18    0xfffffff0
#define MAGIC_1_20    0xfffffff1
#define FUNCTIONS_MAX (1u << 24)

static bool read_section(struct site_text *text, uint32_t i, Elf64_Shdr *header)
{
	return i < text->n_section_headers &&
	       site_text_read(text, text->section_headers + i * sizeof(*header), header,
			      sizeof(*header));
}

/* Position independent programs have it as .data.rel.ro.gopclntab. */
static bool has_name(struct site_text *text, const Elf64_Shdr *names, const Elf64_Shdr *header)
{
	static const char wanted[] = "gopclntab"; /* and the 0 behind it */
	char name[32] = { 0 };

	site_text_read_some(text, names->sh_offset + header->sh_name, name, sizeof(name) - 1);
	for (unsigned i = 0; i + sizeof(wanted) <= sizeof(name) && name[i] != '\0'; i++)
		if (memcmp(name + i, wanted, sizeof(wanted)) == 0)
			return true;
	return false;
}

static bool find_section(struct site_text *text, Elf64_Shdr *found)
{
	Elf64_Shdr names;

	if (!read_section(text, text->section_names, &names))
		return false;
	for (uint32_t i = 0; read_section(text, i, found); i++)
		if (found->sh_type == SHT_PROGBITS && has_name(text, &names, found))
			return true;
	return false;
}

static bool is_sane(const struct go_table *table, const Elf64_Shdr *section)
{
	return (table->magic == MAGIC_1_18 || table->magic == MAGIC_1_20) &&
	       table->pointer_size == 8 && table->code != 0 && table->n_functions < FUNCTIONS_MAX &&
	       table->functions < section->sh_size &&
	       (table->n_functions + 1) * 8 <= section->sh_size - table->functions;
}

static bool begin_of(struct site_text *text, uint64_t functions, uint64_t i, uint32_t *begin)
{
	return site_text_read(text, functions + i * 8, begin, sizeof(*begin));
}

/* The last of the functions that begins at or below @wanted. */
static bool search(struct site_text *text, uint64_t functions, uint64_t n, uint32_t wanted,
		   uint64_t *found)
{
	uint64_t low = 0, high = n;
	uint32_t begin;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (!begin_of(text, functions, middle, &begin))
			return false;
		if (begin <= wanted)
			low = middle + 1;
		else
			high = middle;
	}
	*found = low - 1;
	return low > 0;
}

bool site_go_find(struct site_text *text, uint64_t offset, uint64_t addr,
		  struct site_function *function)
{
	Elf64_Shdr section;
	struct go_table table;
	uint64_t functions, i, into;
	uint32_t begin, end;

	if (!text->is_go || !site_text_open(text) || !find_section(text, &section) ||
	    !site_text_read(text, section.sh_offset, &table, sizeof(table)) ||
	    !is_sane(&table, &section))
		return false;
	into = addr - table.code;
	functions = section.sh_offset + table.functions;
	if (into > UINT32_MAX || !search(text, functions, table.n_functions, (uint32_t)into, &i) ||
	    !begin_of(text, functions, i, &begin) || !begin_of(text, functions, i + 1, &end) ||
	    into >= end)
		return false;
	*function =
		(struct site_function){ .offset = offset - (into - begin), .size = end - begin };
	return true;
}
