/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_RAW_H
#define PRELOAD_RAW_H

/*
 * raw - catches system calls from anywhere else, by Syscall User Dispatch: on request alone
 *
 * The kernel (Linux 5.11) sends SIGSYS for every system call that a thread
 * makes outside of one range of addresses. The range here goes from the lowest to the
 * highest of the shim, libc and ld.so, so that calls of these cost nothing; what lies
 * between is other libraries, whose sites were searched at the start; gaps are filled
 * with reservations. Trapped are the program itself, what was loaded later, and code
 * that was made at run time.
 *
 *     program       syscall                        SIGSYS, rip behind it, rax the number
 *     on_sigsys()   a call to be caught: puts onto the program's stack what a stub would
 *                   have, and returns to site_common
 *                   any other: returns to a gadget, a copy of `syscall' that jumps back
 *
 * So no call runs in the handler (sites/gadgets.h).
 *
 * What the kernel does not carry on is: threads and children of fork begin without,
 * and are armed by a gadget behind clone, whose child calls raw_begin(). A child of
 * vfork is not: it executes at once.
 *
 * A trap while SIGSYS is blocked kills. So it is taken out of all masks that are seen,
 * and where that can't be done the tier is given up: one store to the selector, which
 * all threads share, and a note in the ledger. SIGSYS of the program's own (seccomp)
 * goes to the program's handler.
 */

#include <stdbool.h>
#include <stdint.h>
#include "sites/site_stubs.h"
#include "sites/site_table.h"

/* prctl, linux/prctl.h: newer than some headers */
#define RAW_SET_DISPATCH 59

/* The index of a site that is none, in site_frame. */
#define RAW_INDEX SITES_MAX

/* Lets calls that make threads go on at gadgets. Before call sites are searched. */
void raw_prepare(void);
/* Installs the handler, and arms this thread. Before main(). */
void raw_start(void);
/* Stops all traps, of all threads. @why: a sentence for the ledger, NULL: none needed. */
void raw_give_up(const char *why);
/* Arms the calling thread: a new one, or that of a fork child. */
__attribute__((visibility("hidden"))) void raw_begin(void);

/* Makes or changes the program's calls that block or handle signals, so that SIGSYS stays ours:
 * rt_sigprocmask; what waits with a mask, as ppoll; rt_sigaction. */
struct site_answer raw_sigmask(const struct site_frame *frame, uint64_t nr);
struct site_answer raw_wait(const struct site_frame *frame, uint64_t nr);
int64_t raw_sigaction(const uint64_t args[6]);

#endif
