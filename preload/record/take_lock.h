/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_TAKE_LOCK_H
#define PRELOAD_TAKE_LOCK_H

/*
 * take_lock - getting the recorder's lock, also from an owner that will not let go of it
 *
 * An owner is gone when a handler jumped out of the hook with siglongjmp, a thread was
 * cancelled, a vfork child was killed:
 *
 *     the owner was               is gone                   may live
 *     inside its system call:     taken over, everything    waited for; after a long time, or at
 *       its set is whole            is asked                  the process's end, taken over
 *     changing the set            taken over, a new set     waited for
 *
 * Who loses the lock alive finds out when it comes back (lock.h), and its call is late.
 */

#include "record/recorder.h"
#include "shim/shim.h"
#include "threads/task.h"

/* Not at once. */
uint8_t take_lock_slowly(struct frame_mark *mark, enum recorder_doubt doubt);

/* Return: 0 with the lock, or VM_CALL_NESTED or VM_CALL_UNORDERED: why there is none. */
static inline uint8_t take_lock(struct frame_mark *mark, enum recorder_doubt doubt)
{
	if (likely(lock_try(&recorder.lock, task_tid(), mark)))
		return 0;
	return take_lock_slowly(mark, doubt);
}

#endif
