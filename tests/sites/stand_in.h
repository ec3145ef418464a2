/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SITES_STAND_IN_H
#define TESTS_SITES_STAND_IN_H

/*
 * stand_in - a file of machine code, and the memory where it is mapped, made up by a test
 *
 * Takes the place of site_text.c, site_stubs.c and call_table.c, so that the files under test
 * need neither a process that is recorded nor a ledger. The file is an array. Its memory is a
 * memfd, which is read and written by address as /proc/self/mem is.
 *
 *     0x1000   code                              FILE_CODE
 *     0x30000  the tables that name functions    FILE_TABLES
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sites/site_text.h"

#define FILE_SIZE   0x40000
#define FILE_CODE   0x1000
#define FILE_TABLES 0x30000
#define ELF_BASE    0x400000ULL	  /* the file's addresses, by its program headers */
#define MEMORY_BASE 0x10000000ULL /* where it is mapped */

/* How a function's beginning can be learned. */
enum named_by {
	BY_NOTHING,
	BY_EH_FRAME,
	BY_LANDING_PADS, /* .eh_frame, with a table of exceptions */
	BY_SYMBOL,
	BY_GO,
};

extern unsigned char stand_in_file[FILE_SIZE];

/* The stub that site_stub() hands out; 0: none can be had. */
extern uint64_t stand_in_stub;
/* Stubs that were given back. */
extern unsigned stand_in_freed;

/* Makes an empty file, filled with int3 where code goes. */
void stand_in_begin(void);
/* Puts @size bytes at @offset of the file. */
void stand_in_put(uint64_t offset, const void *bytes, size_t size);
/* Lets a table of the file name the function of @size bytes at @offset. One function a file. */
void stand_in_name(enum named_by by, uint64_t offset, uint32_t size);
/* Describes the file's code, from the page of FILE_CODE on, to be read and not to be written. */
struct site_text stand_in_text(void);
/* Maps the file as it is now. */
struct site_text stand_in_map(void);
/* Reads memory, where the file is mapped. */
void stand_in_memory(const struct site_text *text, uint64_t offset, void *bytes, size_t size);

#endif
