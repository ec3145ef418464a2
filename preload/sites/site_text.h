/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_SITE_TEXT_H
#define PRELOAD_SITE_TEXT_H

/*
 * site_text - reads the code of one file mapping, and the file around it
 *
 * Nothing is read through pointers: a mapping may be longer than its file, and
 * another thread may unmap it. Memory is read with pread of /proc/self/mem, and a
 * whole file's code from the file, because reading 200 MB through our own page
 * tables would leave all of it in the program's resident memory.
 */

#include <stdbool.h>
#include <stdint.h>
#include <memory_set/memory_set.h>

#define SITE_LOADS_MAX 16

/* Where a part of the file belongs, relative to the load address. */
struct site_load {
	uint64_t offset;
	uint64_t addr;
	uint64_t size;
};

enum site_time {
	SITE_BEFORE_IT_RUNS,
	SITE_IT_MAY_RUN, /* it is too late to change anything */
};

/*
 * @range, @offset: the mapping, and where it begins in the file
 * @object:         the file, as the set knows it
 * @mem:            /proc/self/mem
 * @fd:             the file; -1: not open
 * @given:          @fd is the program's own
 * @held:           this part of the file is in site_text_held
 *
 * From the file's ELF header: @n_loads is 0 when it has none.
 */
struct site_text {
	struct addr_range range;
	uint64_t offset;
	uint32_t object;
	int mem;
	int fd;
	bool given;
	struct addr_range held;
	struct addr_range near; /* where memory was read last, */
	uint64_t near_offset;	/* and what of the file that is */
	bool looked;		/* for the file, in vain */
	enum site_time time;

	unsigned n_loads;
	struct site_load load[SITE_LOADS_MAX];
	uint64_t eh_frame_hdr;	  /* like a load's addr; 0: none */
	uint64_t section_headers; /* their offset */
	uint32_t n_section_headers;
	uint32_t section_names; /* which of them has the others' names */
	uint32_t build_id_len;
	uint8_t build_id[20];
	bool is_go;	    /* with stacks too small for us */
	unsigned n_symbols; /* that were looked at */
};

/* Reads the ELF header of the file that @text, with its first fields set, is a part of. */
void site_text_begin(struct site_text *text);
/* Closes the file, unless it is the program's. */
void site_text_end(struct site_text *text);

/* Opens the file by its name. False: it is not there, or is another one by now. */
bool site_text_open(struct site_text *text);

/*
 * Reads bytes of the file, from the file if it is open, from memory where that part of it
 * is mapped. True when all @size bytes were read.
 */
bool site_text_read(struct site_text *text, uint64_t offset, void *buffer, size_t size);
/* Reads likewise, by the address that the ELF header gives it. */
bool site_text_read_at(struct site_text *text, uint64_t addr, void *buffer, size_t size);
/* Reads likewise, as many as there are. Return: how many. */
long site_text_read_some(struct site_text *text, uint64_t offset, void *buffer, size_t size);

/*
 * Holds a part of the file at hand, in place of the one before: what is read inside it costs no
 * system call, and is as it was when this was called. Return: how many bytes there were.
 */
#define SITE_TEXT_HELD_MAX (64u << 10)
extern unsigned char site_text_held[SITE_TEXT_HELD_MAX];
long site_text_hold(struct site_text *text, uint64_t offset, size_t size);

/* Reads bytes of memory: what the program would execute. */
bool site_text_memory(const struct site_text *text, uint64_t addr, void *buffer, size_t size);

/* Tells where a byte of the file is in memory. */
static inline uint64_t site_text_address(const struct site_text *text, uint64_t offset)
{
	return text->range.start + (offset - text->offset);
}

/* Translate a place in the file to its ELF address, and back. False: it is in no load segment. */
bool site_text_to_addr(const struct site_text *text, uint64_t offset, uint64_t *addr);
bool site_text_to_offset(const struct site_text *text, uint64_t addr, uint64_t *offset);

#endif
