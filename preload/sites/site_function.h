/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_SITE_FUNCTION_H
#define PRELOAD_SITE_FUNCTION_H

/*
 * site_function - where the function around an address begins and ends
 *
 * Instructions can only be told from data, and their beginnings from their
 * middles, by walking from a place that is known to begin one. Three tables of a file
 * name such places: .eh_frame, through the binary search table that unwinders use; Go's
 * own; and, for assembly without unwind information, the symbol table.
 */

#include "sites/site_text.h"

struct site_function {
	uint64_t offset; /* in the file */
	uint64_t size;
	bool landing_pads; /* exceptions may enter it in the middle */
	bool part;	   /* a piece of one that could not be found */
};

/* Finds the function that the byte at @offset of the file belongs to. May open the file. */
bool site_function_find(struct site_text *text, uint64_t offset, struct site_function *function);

#endif
