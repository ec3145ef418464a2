/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_SCOPE_H
#define PRELOAD_SCOPE_H

/*
 * scope - finds which libraries behind the shim define a symbol, too
 *
 * The loader looks a name up in the program, then in the libraries in their order:
 *
 *     program - shim - a sanitizer's runtime - ... - libc - ...
 *
 * What the shim takes from another library it must not have from the second of these:
 * such a function may want to be begun first, and nothing is before the shim. And a
 * symbol of the shim hides theirs, who have their reasons to see such calls.
 *
 * The loader's own list is read, without it: before main(), when nobody changes it, and
 * without dlsym(), which may be anybody's, too.
 */

#include <stdint.h>

/* Finds the function @name in libc. Return: its address; 0: libc has none. */
uint64_t scope_libc(const char *name);

/* Finds of @n functions (63 at the most) which definitions the shim's hide. 0 stays: libc's, or
 * none. */
void scope_next(const char *const names[], uint64_t next[], unsigned n);

#endif
