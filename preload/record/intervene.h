/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_INTERVENE_H
#define PRELOAD_INTERVENE_H

/*
 * intervene - what the shim does to a program, when it was asked to
 *
 * By default nothing of this happens: calls are recorded, and never changed. Three
 * options change what a program experiences, each to catch a bug in the act:
 *
 *     enforce=wx        what would be writable and executable is refused with EACCES,
 *                       as by PR_SET_MDWE
 *     enforce=clobber   MAP_FIXED over live memory of another owner is refused with
 *                       EEXIST, as MAP_FIXED_NOREPLACE would
 *     hold=SIZE         what is unmapped stays reserved, without access: a stale pointer
 *                       faults, instead of reading what is mapped there next
 *     stop=RULE,...     SIGTRAP behind the call in which a rule has found something
 *
 * A call that is refused is recorded with its result and VM_CALL_REFUSED. Calls made
 * without the recorder's lock are never refused.
 */

#include <stdbool.h>
#include "unwind/unwind.h"
#include "vma/vm_call.h"

/* What is known before the call is made. */
struct intervention {
	int refusal; /* a negative errno, or 0 */
	bool hits_nothing;
	bool clobbers;
};

/* Has any of it been asked for? Set before main(), and read with every call. */
extern bool intervene_wanted __attribute__((visibility("hidden")));

/* Reads the options. */
void intervene_start(void);

/* Decides, with the lock held, whether @call, which is about to be made, is refused. */
struct intervention intervene_before(const struct vm_call *call, const struct unwind_trace *trace);

/*
 * Holds what @call has unmapped, and looks for what the thread is to be stopped for. With the
 * lock held. Return: should it be stopped, once the lock is free?
 */
bool intervene_after(const struct vm_call *call, const struct intervention *before,
		     const struct unwind_trace *trace);

/* Sends SIGTRAP to the calling thread. */
void intervene_stop(void);

#endif
