/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_FAULT_H
#define PRELOAD_FAULT_H

/*
 * fault - a fatal SIGSEGV or SIGBUS is recorded, and the program dies as it would have
 *
 * As long as the program leaves SIGSEGV and SIGBUS to their default, a handler of
 * ours stands in for it. It writes the fault into the ledger's header and returns:
 * the kernel has put the default back (SA_RESETHAND), the instruction faults again,
 * and the process dies of the same signal, at the same place, with the same core.
 *
 * The program is not to notice. A handler of its own goes to the kernel as it is
 * and costs nothing; when it asks for the disposition it is told SIG_DFL; when it
 * sets SIG_DFL, ours is put back. So with the alternate stack that a thread without
 * one is given: a stack that has overflowed has no room for a handler.
 *
 * All this needs that sigaction is seen inside libc: without call sites there is
 * no handler. A signal that is blocked when the fault happens kills at once.
 */

#include <stdbool.h>
#include <stdint.h>

/* Puts our handler in place of the default. Before main(), when the call sites are live. */
void fault_start(void);

/*
 * Puts the default back, for good: the process is about to confine itself, and a filter
 * may kill for the return from a handler.
 */
void fault_stop(void);

/*
 * Makes the program's rt_sigaction call, and takes what it tells about our handler out of the
 * answer. Return: its result.
 */
int64_t fault_sigaction(const uint64_t args[6]);

/*
 * Gives an alternate stack to a thread that libc has just begun: it may overflow its own before
 * its first call.
 */
void fault_thread_begins(void);

#endif
