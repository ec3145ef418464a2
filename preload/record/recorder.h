/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_RECORDER_H
#define PRELOAD_RECORDER_H

/*
 * recorder - one call: lock, begin record, ONE system call, apply, end record, unlock
 *
 * The lock is held across the system call, because order is everything: the
 * kernel frees a range, another thread's mmap is given it, and if that record
 * came first the map would be wrong for ever. A lock held across a system call
 * needs ways out. A call made by a signal handler on top of a hook, or while the
 * lock is not to be had, goes out at once and is pending (threads/late.h). And a lock
 * whose owner is gone is taken over (take_lock.h).
 */

#include <stdint.h>
#include "unwind/unwind.h"
#include "vma/vm_call.h"

/**
 * recorder_call() - make a call of the program's, and record it
 * @call: op, tier and args are set; result is set on return
 * @from: the caller's registers at the call, for its stack
 *
 * Makes the call exactly once, in any state of the shim, from any thread or
 * signal handler.
 *
 * Return: what the kernel answered.
 */
int64_t recorder_call(struct vm_call *call, const struct unwind_regs *from);

/*
 * Leaves the record of @call pending: a munmap that takes away the stack it is made from, so
 * that nothing of ours can come after it. The caller makes it when this has returned. It is
 * recorded when the thread has gone, or calls again from elsewhere.
 */
void recorder_leave_stack(struct vm_call *call, const struct unwind_regs *from);

#endif
