/* SPDX-License-Identifier: Apache-2.0 */
#include <elf.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "shim/shim.h"
#include "sites/call_table.h"
#include "sites/code_memory.h"
#include "sites/site_stubs.h"
#include "stand_in.h"

unsigned char stand_in_file[FILE_SIZE];
uint64_t stand_in_stub;
unsigned stand_in_freed;

/* What the file's headers would say. */
static struct {
	uint64_t eh_frame_hdr;
	uint64_t section_headers;
	uint32_t n_section_headers;
	bool is_go;
} headers;

static int memory = -1;

/* -------------------------------------------------------------- of other files */

struct shim shim;

unsigned char site_text_held[SITE_TEXT_HELD_MAX];

long site_text_read_some(struct site_text *text, uint64_t offset, void *buffer, size_t size)
{
	(void)text;
	if (offset >= FILE_SIZE)
		return 0;
	if (size > FILE_SIZE - offset)
		size = FILE_SIZE - offset;
	memcpy(buffer, stand_in_file + offset, size);
	return (long)size;
}

bool site_text_read(struct site_text *text, uint64_t offset, void *buffer, size_t size)
{
	return site_text_read_some(text, offset, buffer, size) == (long)size;
}

bool site_text_read_at(struct site_text *text, uint64_t addr, void *buffer, size_t size)
{
	return site_text_read(text, addr - ELF_BASE, buffer, size);
}

bool site_text_memory(const struct site_text *text, uint64_t addr, void *buffer, size_t size)
{
	return pread(text->mem, buffer, size, (off_t)addr) == (ssize_t)size;
}

bool site_text_to_addr(const struct site_text *text, uint64_t offset, uint64_t *addr)
{
	(void)text;
	*addr = offset + ELF_BASE;
	return offset < FILE_SIZE;
}

bool site_text_open(struct site_text *text)
{
	(void)text;
	return true;
}

uint8_t site_wanted[1 << 16];

uint8_t site_call_op(uint32_t nr)
{
	return (uint8_t)nr;
}

uint64_t site_stub(const struct site_plan *plan, uint64_t addr, uint32_t index, int mem)
{
	(void)plan;
	(void)addr;
	(void)index;
	(void)mem;
	return stand_in_stub;
}

void site_stub_free(uint64_t stub)
{
	stand_in_freed += stub != 0;
}

int code_memory_open(void)
{
	return dup(memory);
}

/* ---------------------------------------------------------------------- the file */

void stand_in_begin(void)
{
	/* mmap, mprotect, munmap, brk, mremap, madvise, clone */
	static const uint16_t wanted[] = { 9, 10, 11, 12, 25, 28, 56 };

	memset(stand_in_file, 0, sizeof(stand_in_file));
	memset(stand_in_file + FILE_CODE, 0xcc, FILE_TABLES - FILE_CODE);
	memset(&headers, 0, sizeof(headers));
	memset(site_wanted, 0, sizeof(site_wanted));
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		site_wanted[wanted[i]] = 1;
	stand_in_stub = MEMORY_BASE + 0x800000;
	stand_in_freed = 0;
}

void stand_in_put(uint64_t offset, const void *bytes, size_t size)
{
	memcpy(stand_in_file + offset, bytes, size);
}

static void put32(uint64_t offset, uint64_t value)
{
	uint32_t word = (uint32_t)value;

	stand_in_put(offset, &word, sizeof(word));
}

/* As gcc writes it: .eh_frame with one CIE and one FDE, and the search table in front. */
static void add_eh_frame(uint64_t begin, uint32_t size, bool landing_pads)
{
	static const uint8_t cie[] = { 20,   0,	   0,	 0, 0,	  0,	0, 0, 1,    'z', 'R', 0,
				       0x01, 0x78, 0x10, 1, 0x1b, 0x0c, 7, 8, 0x90, 1,	 0,   0 };
	static const uint8_t with_lsda[] = { 28,   0,	 0,    0,   0,	  0, 0,	   0,
					     1,	   'z',	 'P',  'L', 'R',  0, 0x01, 0x78,
					     0x10, 7,	 0x9b, 0,   0,	  0, 0,	   0x1b,
					     0x1b, 0x0c, 7,    8,   0x90, 1, 0,	   0 };
	static const uint8_t head[] = { 1, 0x1b, 0x03, 0x3b };
	uint64_t hdr = FILE_TABLES, frames = FILE_TABLES + 0x100, fde;

	if (landing_pads)
		stand_in_put(frames, with_lsda, sizeof(with_lsda));
	else
		stand_in_put(frames, cie, sizeof(cie));
	fde = frames + (landing_pads ? sizeof(with_lsda) : sizeof(cie));
	put32(fde, 20);
	put32(fde + 4, fde + 4 - frames);
	put32(fde + 8, begin - (fde + 8));
	put32(fde + 12, size);
	stand_in_file[fde + 16] = landing_pads ? 4 : 0;
	put32(fde + 17, landing_pads ? 0x1234 : 0);
	stand_in_put(hdr, head, sizeof(head));
	put32(hdr + 4, frames - (hdr + 4));
	put32(hdr + 8, 1);
	put32(hdr + 12, begin - hdr);
	put32(hdr + 16, fde - hdr);
	headers.eh_frame_hdr = hdr + ELF_BASE;
}

static void add_sections(const Elf64_Shdr *sections, uint32_t n)
{
	headers.section_headers = FILE_TABLES + 0x2000;
	headers.n_section_headers = n;
	stand_in_put(headers.section_headers, sections, n * sizeof(*sections));
}

static void add_symbol(uint64_t begin, uint32_t size)
{
	const Elf64_Sym symbol = {
		.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
		.st_shndx = 1,
		.st_value = begin + ELF_BASE,
		.st_size = size,
	};
	const Elf64_Shdr sections[] = {
		{ .sh_type = SHT_STRTAB },
		{ .sh_type = SHT_SYMTAB,
		  .sh_offset = FILE_TABLES + 0x1000,
		  .sh_size = sizeof(symbol),
		  .sh_entsize = sizeof(symbol) },
	};

	stand_in_put(FILE_TABLES + 0x1000, &symbol, sizeof(symbol));
	add_sections(sections, 2);
}

/* .gopclntab as of Go 1.18: see site_go.c. */
static void add_go(uint64_t begin, uint32_t size)
{
	static const char names[] = "\0.shstrtab\0.gopclntab";
	const uint64_t table = FILE_TABLES + 0x1000;
	const uint64_t words[] = { 1, 0, FILE_CODE + ELF_BASE, 0, 0, 0, 0, 0x80 };
	const Elf64_Shdr sections[] = {
		{ .sh_type = SHT_STRTAB, .sh_offset = FILE_TABLES, .sh_name = 1 },
		{ .sh_type = SHT_PROGBITS, .sh_offset = table, .sh_size = 0x100, .sh_name = 11 },
	};
	static const uint8_t head[] = { 0xf0, 0xff, 0xff, 0xff, 0, 0, 1, 8 };

	stand_in_put(FILE_TABLES, names, sizeof(names));
	stand_in_put(table, head, sizeof(head));
	stand_in_put(table + 8, words, sizeof(words));
	put32(table + 0x80, begin - FILE_CODE);
	put32(table + 0x88, begin - FILE_CODE + size);
	add_sections(sections, 2);
	headers.is_go = true;
}

void stand_in_name(enum named_by by, uint64_t offset, uint32_t size)
{
	switch (by) {
	case BY_NOTHING:
		break;
	case BY_EH_FRAME:
	case BY_LANDING_PADS:
		add_eh_frame(offset, size, by == BY_LANDING_PADS);
		break;
	case BY_SYMBOL:
		add_symbol(offset, size);
		break;
	case BY_GO:
		add_go(offset, size);
		break;
	}
}

/* -------------------------------------------------------------------- the memory */

struct site_text stand_in_text(void)
{
	return (struct site_text){
		.range = { MEMORY_BASE + FILE_CODE, MEMORY_BASE + FILE_TABLES },
		.offset = FILE_CODE,
		.mem = -1,
		.fd = -1,
		.time = SITE_BEFORE_IT_RUNS,
		.eh_frame_hdr = headers.eh_frame_hdr,
		.section_headers = headers.section_headers,
		.n_section_headers = headers.n_section_headers,
		.is_go = headers.is_go,
	};
}

struct site_text stand_in_map(void)
{
	struct site_text text = stand_in_text();

	if (memory < 0)
		memory = memfd_create("code", MFD_CLOEXEC);
	text.mem = memory;
	if (pwrite(memory, stand_in_file, FILE_SIZE, MEMORY_BASE) != FILE_SIZE)
		text.mem = -1;
	return text;
}

void stand_in_memory(const struct site_text *text, uint64_t offset, void *bytes, size_t size)
{
	if (pread(text->mem, bytes, size, (off_t)(MEMORY_BASE + offset)) != (ssize_t)size)
		memset(bytes, 0, size);
}
