/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_SITES_H
#define PRELOAD_SITES_H

/*
 * sites - catch calls where libc and ld.so enter the kernel
 *
 * Both call hidden copies of mmap and its kin, which no symbol can stand in
 * front of. On x86-64 each such place reads
 *
 *     b8 NR NR NR NR    mov $NR, %eax          e9 ......   jmp stub
 *     0f 05             syscall           ->   0f 05       syscall
 *     ...               <- resume here         ...
 *
 * and only the five bytes of the mov are overwritten. The syscall stays, so a
 * thread that is past the mov already, or a system call that the kernel
 * restarts, still runs valid code: one event missed, nothing broken.
 *
 * The write goes through /proc/self/mem: no page changes its protection, and
 * the map stays byte-identical. Nothing is ever patched back.
 */

#include <stdbool.h>
#include <stdint.h>

#define SITES_MAX 64

/* What to do when a site is reached. */
enum site_role {
	SITE_CALL,    /* a vm_op: the recorder makes the call */
	SITE_FORK,    /* the recorder makes the call, unless it shares memory or moves the stack */
	SITE_SECCOMP, /* prctl: learn that the process is confined from now on */
	SITE_SIGACTION, /* rt_sigaction: fault.h */
	SITE_SIGALTSTACK,
};

struct site {
	uint64_t addr; /* of the mov */
	uint32_t nr;
	uint8_t op;	 /* enum vm_op */
	uint8_t role;	 /* enum site_role */
	uint8_t state;	 /* enum ledger_site_state */
	uint32_t object; /* the file it is in */
	uint64_t file_offset;
};

/* Are sigaction and sigaltstack seen inside libc? */
bool sites_see_signals(void);

/* Finds, patches and writes to the ledger. Only before main(). */
void sites_start(void);

/*
 * The next place at or after @at, below @end, whose bytes are those of a site.
 * In a file of its own because it may use vector registers: it never runs in a
 * hook. Return: the address of the mov, or @end.
 */
const unsigned char *site_scan(const unsigned char *at, const unsigned char *end);

#endif
