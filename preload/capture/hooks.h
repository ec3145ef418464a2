/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_HOOKS_H
#define PRELOAD_HOOKS_H

/*
 * hooks - the symbols that the shim puts in front of libc's: what start.c sets up
 */

/* First of all, recorded or not: whom the symbols hide, and are to call. */
void hooks_find_next(void);
/* The calls must be ours: libc's are not seen. */
void hooks_pass_nothing_on(void);
void hooks_start(void);

#endif
