/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_HOLD_H
#define PRELOAD_HOLD_H

/*
 * hold - getting the recorder's lock, also from an owner that will not let go of it
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

#include "shim.h"
#include "task.h"

/* Not at once. */
uint8_t hold_wait(struct frame_mark *mark, enum recorder_doubt doubt);

/* Return: 0 with the lock, or VM_CALL_NESTED or VM_CALL_UNORDERED: why there is none. */
static inline uint8_t hold_take(struct frame_mark *mark, enum recorder_doubt doubt)
{
	if (likely(lock_try(&shim.recorder.lock, task_tid(), mark)))
		return 0;
	return hold_wait(mark, doubt);
}

/*
 * Does the calling thread itself have the lock, in a hook further up that waits for the
 * kernel? Then the set is whole, and nobody else changes it. @hold tells this hold from
 * others.
 */
bool hold_lends(uint64_t *hold);

#endif
