/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_CODE_MEMORY_H
#define PRELOAD_CODE_MEMORY_H

/*
 * code_memory - writes to code that is mapped without the right to be written
 *
 * /proc/thread-self/mem takes writes to pages of any protection (as a debugger's do), so no
 * page changes its protection and the map stays byte-identical. Kernels may be booted to
 * refuse it, and a process may have no /proc.
 */

/* Opens this process's memory, to be read and written at any address. Return: a descriptor, which
 * the caller closes, or -errno. */
int code_memory_open(void);

#endif
