/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_SITE_GO_H
#define PRELOAD_SITE_GO_H

/*
 * site_go - where functions of Go programs begin and end, from Go's own table
 *
 * Go's linker writes no .eh_frame, and a stripped binary has no symbols, but the runtime needs
 * .gopclntab, which stays.
 */

#include "sites/site_function.h"

/* Finds the function of the file's byte at @offset, whose ELF address is @addr. May open the file.
 */
bool site_go_find(struct site_text *text, uint64_t offset, uint64_t addr,
		  struct site_function *function);

#endif
