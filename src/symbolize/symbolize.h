/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SYMBOLIZE_H
#define SYMBOLIZE_H

/*
 * symbolize - finds the function, source line and inlined frames of a place in a file
 *
 * A place is an object of the recorded map and an offset in its file, not an
 * address: whoever asks looks the address up in the map of that moment. So stacks
 * stay right after dlclose and when addresses are used again, and one answer
 * serves all processes and all moments.
 *
 * The files are read with elfutils' libdwfl: symbol tables, DWARF, separate debug
 * files by build-id or link, the compressed symbols of distributions, and, when
 * DEBUGINFOD_URLS is set, debuginfod. Each file's build-id is compared with the one
 * that was recorded. A file that is not there or is another one now gives no names;
 * why not can be asked.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "vma/vm_object.h"

struct symbolizer;

/*
 * One function. Inlined ones come before the function that they are inlined into.
 *
 * @function: demangled; NULL: not known
 * @file:     of the source, as the compiler named it; NULL: not known
 * @line:     in it, 0: not known
 */
struct symbol_frame {
	char *function;
	char *file;
	unsigned line;
	bool inlined;
};

/*
 * What is known of one place.
 *
 * @module:   the last part of the file's path
 * @address:  as the file's own headers and tools like addr2line count
 * @distance: bytes from the start of the function, as far as symbols tell
 */
struct symbol {
	const char *module;
	uint64_t address;
	uint64_t distance;
	struct symbol_frame *frames;
	size_t n_frames;
};

/*
 * Makes a symbolizer, which opens files when they are first asked about.
 * @sysroot: the recorded machine's files are below this folder; NULL: /
 *
 * Return: NULL when memory is short.
 */
struct symbolizer *symbolizer_create(const char *sysroot);
void symbolizer_destroy(struct symbolizer *symbolizer);

/**
 * symbolizer_find() - find what is at an offset of a file
 *
 * Return: valid until the symbolizer is destroyed. @n_frames is 0 when nothing is
 * known but the module. NULL when memory is short.
 */
const struct symbol *symbolizer_find(struct symbolizer *symbolizer, const struct vm_object *object,
				     uint64_t offset);

/**
 * symbolizer_find_name() - find the address of a symbol
 * @address: set to its address as the file's own headers count
 * @size:    set to the symbol's size, 0: not known
 *
 * Return: false when the file has no such symbol.
 */
bool symbolizer_find_name(struct symbolizer *symbolizer, const struct vm_object *object,
			  const char *name, uint64_t *address, uint64_t *size);

/* Tells the address, as the file's own headers count, of a byte in the file. false: none. */
bool symbolizer_address(struct symbolizer *symbolizer, const struct vm_object *object,
			uint64_t offset, uint64_t *address);

/*
 * Hands out one line for each file that was asked about and could not be used: @at begins
 * at 0. NULL at the end. Such as
 * "libfoo.so on disk has another build-id than was recorded".
 */
const char *symbolizer_problem(const struct symbolizer *symbolizer, size_t *at);

#endif
