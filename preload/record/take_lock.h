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

#include <stdbool.h>
#include <stdint.h>
#include "record/recorder_state.h"
#include "shim/shim.h"
#include "threads/task.h"

/* What to do when the calling thread has the lock already, further up, and may be alive there. */
enum take_lock_how {
	TAKE_LOCK_DEFER,   /* it is taken for alive: a call can wait */
	TAKE_LOCK_OVER,	   /* the lock is taken over where that does no harm if it is */
	TAKE_LOCK_AT_EXIT, /* it will never go on: the process ends */
};

/* The rest of take_lock(): the lock was not to be had at once. */
uint8_t take_lock_slowly(struct thread *self, struct frame_mark *mark, enum take_lock_how how);

/*
 * Does the calling thread itself have the lock, in a hook further up that waits for the
 * kernel? Then the set is whole, and nobody else changes it. @hold tells this hold from
 * others.
 */
bool take_lock_is_held_below(uint64_t *hold);

/* Takes the lock for the calling thread, @self. Return: 0 with the lock, or VM_CALL_NESTED or
 * VM_CALL_UNORDERED: why there is none. */
static inline uint8_t take_lock(struct thread *self, struct frame_mark *mark,
				enum take_lock_how how)
{
	if (likely(lock_try(&recorder.lock, self, mark)))
		return 0;
	return take_lock_slowly(self, mark, how);
}

#endif
