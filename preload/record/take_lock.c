/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mutation.h"
#include "map/baseline.h"
#include "map/resync.h"
#include "record/take_lock.h"

#define STEAL_AFTER 200 /* vain waits for one hold, before it is taken over */

/* What the owner has left behind is made right; the lock is free then. */
static bool take_over(uint64_t state, struct thread *self, struct frame_mark *mark)
{

	if (!lock_take_over(&recorder.lock, state, self, mark))
		return false;
	recorder.replaying = false;
	recorder.lock.calling_out = false;
	if (lock_in_kernel(state))
		resync_everything();
	else
		baseline_again();
	lock_release(&recorder.lock, mark);
	return true;
}

/*
 * An owner inside its system call need not be gone. If it lives, its call is a late one, and
 * has its place already: a handler may jump out of it on the way back.
 */
static bool take_over_in_flight(uint64_t state, struct thread *self, struct frame_mark *mark)
{
	const struct frame_mark *owners = lock_mark(&recorder.lock, state);
	int slot = -1;

	if (owners != NULL && !ML_MUTATED(TAKEN_CALL_FORGOTTEN))
		slot = late_take_for(&recorder.late, lock_owner(state), owners, lock_word(state));
	if (take_over(state, self, mark))
		return true;
	late_give_back(&recorder.late, slot);
	return false;
}

static bool was_long_enough(enum take_lock_how how, bool own)
{
	if (own)
		return how == TAKE_LOCK_OVER;
	return how == TAKE_LOCK_AT_EXIT ||
	       recorder.lock.stuck_count % STEAL_AFTER == STEAL_AFTER - 1;
}

/*
 * The lock is ours already: a handler runs on top of a hook of this thread, or a hook was
 * left for good. Or nobody lets go of it. The lock is free again before signals are let
 * in: a handler that jumps out now, as the last one did, has nothing to spoil, so
 * a storm of them does not keep the program from going on.
 *
 * Return: true when it is worth to try again.
 */
static bool retake(struct thread *self, struct frame_mark *mark, enum take_lock_how how)
{
	struct shim_lock *lock = &recorder.lock;
	uint64_t mask = shim_block_signals();
	uint64_t state = lock_state(lock);
	bool own = lock_owner(state) == lock_id(task_tid_of(self));
	bool gone = own ? how == TAKE_LOCK_AT_EXIT || lock_was_left(lock, state, self, mark)
			: lock_is_lost(lock, state);
	bool done = false;

	if (gone)
		done = take_over(state, self, mark);
	else if (lock_in_kernel(state) && was_long_enough(how, own))
		done = take_over_in_flight(state, self, mark);
	shim_restore_signals(mask);
	return done;
}

/* Is the calling thread inside a hook (so: are we in a signal handler on top of it)? */
static bool is_mine(const struct thread *self)
{
	const struct shim_lock *lock = &recorder.lock;

	if (lock_owner(lock_state(lock)) != lock_id(task_tid_of(self)))
		return false;
	/* Not somebody who runs on a thread's storage without having said so. */
	return shim.confined || lock_id(task_tid_asked()) == lock_owner(lock_state(lock));
}

bool take_lock_is_held_below(uint64_t *hold)
{
	*hold = lock_state(&recorder.lock);
	return lock_in_kernel(*hold) && is_mine(task_self());
}

uint8_t take_lock_slowly(struct thread *self, struct frame_mark *mark, enum take_lock_how how)
{
	struct shim_lock *lock = &recorder.lock;

	do {
		enum lock_wait outcome;

		if (is_mine(self)) {
			if (!retake(self, mark, how))
				return VM_CALL_NESTED;
			continue;
		}
		outcome = lock_wait(lock, self, mark);
		if (outcome == LOCK_TAKEN)
			return 0;
		if (outcome == LOCK_BUSY || !retake(self, mark, how))
			return VM_CALL_UNORDERED;
	} while (!lock_try(lock, self, mark));
	return 0;
}
