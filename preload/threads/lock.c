/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/futex.h>
#include <time.h>
#include "base/mutation.h"
#include "base/sys.h"
#include "threads/lock.h"
#include "shim/shim.h"
#include "threads/task.h"

#define ID_MASK	    ((1ULL << 23) - 1)
#define MADE_UP	    (1u << 22) /* not an id of the kernel's, which are below PID_MAX_LIMIT, 1 << 22 */
#define IN_KERNEL   (1ULL << 23)
#define PLACE_SHIFT 24
#define PLACE_MASK  (((1ULL << 20) - 1) << PLACE_SHIFT)
#define HOLD_ONE    (1ULL << 44)
#define HOLD_MASK   (~(HOLD_ONE - 1))

#define SPINS	    200
#define WAITS	    3 /* of one millisecond each */
#define WAITS_MORE  1 /* for a hold that was waited for before */

uint64_t lock_state(const struct shim_lock *lock)
{
	return __atomic_load_n(&lock->state, __ATOMIC_ACQUIRE);
}

uint32_t lock_owner(uint64_t state)
{
	return (uint32_t)(state & ID_MASK);
}

uint32_t lock_id(uint32_t tid)
{
	if (tid < MADE_UP)
		return tid;
	return MADE_UP | ((tid >> 8 ^ tid) & (MADE_UP - 1));
}

bool lock_in_kernel(uint64_t state)
{
	return (state & IN_KERNEL) != 0;
}

uint64_t lock_word(uint64_t state)
{
	return state & ~IN_KERNEL;
}

/* Somebody else's, when the lock went on just now: then it can't be taken over. */
const struct frame_mark *lock_mark(const struct shim_lock *lock, uint64_t state)
{
	if (__atomic_load_n(&lock->marked, __ATOMIC_ACQUIRE) != lock_word(state))
		return NULL;
	return __atomic_load_n(&lock->mark, __ATOMIC_RELAXED);
}

static uint64_t place_of(const struct frame_mark *mark)
{
	return ((uintptr_t)mark >> 4 << PLACE_SHIFT) & PLACE_MASK;
}

static uint64_t next_state(uint64_t state, uint32_t tid, const struct frame_mark *mark)
{
	return ((state & HOLD_MASK) + HOLD_ONE) | place_of(mark) | lock_id(tid);
}

/* --------------------------------------------------------------------- taking */

/* Unless a handler took the lock meanwhile, and jumped out with it. */
static void put_back(const struct frame_mark *mark)
{
	if (mark->thread->mark == mark)
		mark->thread->mark = mark->outer;
}

/*
 * The thread's current mark is set before the word, so that a handler finds it from the
 * very instruction on that takes the lock; and after, because one that came before
 * and did not come back may have left its own.
 */
bool lock_take_over(struct shim_lock *lock, uint64_t state, struct thread *self,
		    struct frame_mark *mark)
{
	uint64_t mine = next_state(state, task_tid_of(self), mark);

	mark->word = mine;
	mark->thread = self;
	mark->outer = self->mark;
	self->mark = mark;
	if (!__atomic_compare_exchange_n(&lock->state, &state, mine, false, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED)) {
		put_back(mark);
		return false;
	}
	self->mark = mark;
	__atomic_store_n(&lock->mark, mark, __ATOMIC_RELAXED);
	__atomic_store_n(&lock->marked, mine, __ATOMIC_RELEASE);
	return true;
}

bool lock_try(struct shim_lock *lock, struct thread *self, struct frame_mark *mark)
{
	uint64_t state = __atomic_load_n(&lock->state, __ATOMIC_RELAXED);

	return lock_owner(state) == 0 && lock_take_over(lock, state, self, mark);
}

static bool spin(struct shim_lock *lock, struct thread *self, struct frame_mark *mark)
{
	for (unsigned i = 0; i < SPINS; i++) {
		if (lock_try(lock, self, mark))
			return true;
#if defined(__x86_64__)
		__builtin_ia32_pause();
#endif
	}
	return false;
}

/*
 * Nothing is counted up that a handler which jumps out of the sleep would leave so: the
 * flag is set anew before each sleep, and whoever releases takes it down. So of several
 * sleepers each wakes the next. The turn is read first: whoever takes down a flag that
 * was set for this sleep changes it, and the sleep does not begin.
 */
static bool doze(struct shim_lock *lock, struct thread *self, struct frame_mark *mark,
		 unsigned waits)
{
	const struct timespec millisecond = { .tv_nsec = 1000000 };

	for (unsigned i = 0; i < waits && !shim.confined; i++) {
		uint32_t turn = __atomic_load_n(&lock->turn, __ATOMIC_SEQ_CST);

		__atomic_store_n(&lock->waiting, 1, __ATOMIC_SEQ_CST);
		if (ML_MUTATED(TURN_READ_LATE))
			turn = __atomic_load_n(&lock->turn, __ATOMIC_SEQ_CST);
		if (lock_try(lock, self, mark))
			return true;
		sys_futex(&lock->turn, FUTEX_WAIT_PRIVATE, turn, &millisecond);
	}
	return lock_try(lock, self, mark);
}

enum lock_wait lock_wait(struct shim_lock *lock, struct thread *self, struct frame_mark *mark)
{
	uint64_t before = lock_word(lock_state(lock));
	bool was_stuck = __atomic_load_n(&lock->stuck, __ATOMIC_RELAXED) == before;

	if (spin(lock, self, mark))
		return LOCK_TAKEN;
	if (shim.confined)
		return LOCK_BUSY;
	if (doze(lock, self, mark, was_stuck ? WAITS_MORE : WAITS))
		return LOCK_TAKEN;
	if ((lock_word(lock_state(lock))) != before)
		return lock_try(lock, self, mark) ? LOCK_TAKEN : LOCK_BUSY;
	__atomic_store_n(&lock->stuck, before, __ATOMIC_RELAXED);
	__atomic_store_n(&lock->stuck_count, was_stuck ? lock->stuck_count + 1 : 0,
			 __ATOMIC_RELAXED);
	return LOCK_STUCK;
}

static void wake(struct shim_lock *lock)
{
	__atomic_store_n(&lock->waiting, 0, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&lock->turn, 1, __ATOMIC_SEQ_CST);
	if (!shim.confined && !ML_MUTATED(RELEASE_DOES_NOT_WAKE))
		sys_futex(&lock->turn, FUTEX_WAKE_PRIVATE, 1, NULL);
}

bool lock_is_mine(const struct shim_lock *lock, const struct frame_mark *mark)
{
	return __atomic_load_n(&lock->state, __ATOMIC_RELAXED) == mark->word;
}

void lock_release(struct shim_lock *lock, struct frame_mark *mark)
{
	uint64_t mine = mark->word;

	__atomic_compare_exchange_n(&lock->state, &mine, mine & HOLD_MASK, false, __ATOMIC_SEQ_CST,
				    __ATOMIC_RELAXED);
	put_back(mark);
	if (unlikely(__atomic_load_n(&lock->waiting, __ATOMIC_SEQ_CST) != 0))
		wake(lock);
}

/* ----------------------------------------------------------- in the system call */

uint64_t lock_enter_kernel(struct shim_lock *lock)
{
	uint64_t mine = __atomic_load_n(&lock->state, __ATOMIC_RELAXED);

	__atomic_store_n(&lock->state, mine | IN_KERNEL, __ATOMIC_RELEASE);
	return mine;
}

bool lock_leave_kernel(struct shim_lock *lock, uint64_t mine)
{
	uint64_t there = mine | IN_KERNEL;

	return __atomic_compare_exchange_n(&lock->state, &there, mine, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_RELAXED) ||
	       ML_MUTATED(LOSS_UNNOTICED);
}

/* ---------------------------------------------------------------- owners in doubt */

static bool is_place(const struct frame_mark *mark, uint64_t state)
{
	return mark != NULL && place_of(mark) == (state & PLACE_MASK);
}

/* The mark with the word's place that lies next to @mine, if it is one. */
static const struct frame_mark *find_near(uint64_t word, const struct frame_mark *mine)
{
	/* To the top and down again: a signed distance. */
	int64_t distance = (int64_t)((word & PLACE_MASK) << 20) - (int64_t)(place_of(mine) << 20);
	uintptr_t at = ((uintptr_t)mine & ~15ULL) + (uintptr_t)(distance >> 40);

	for (unsigned i = 0; i < 16; i += 8) {
		const struct frame_mark *mark = (const void *)(at + i);

		if (!frame_is_lost(mark, word))
			return mark;
	}
	return NULL;
}

/*
 * The thread's current mark is almost always it. A handler that took the lock while we
 * were about to try, and jumped out with it, may have had its own overwritten by ours.
 */
static const struct frame_mark *find_mark(const struct shim_lock *lock, uint64_t word,
					  const struct thread *self, const struct frame_mark *mine)
{
	const struct frame_mark *current = self->mark;

	/* Nobody's is the last one of several threads. */
	if (self != &thread_nobody && is_place(current, word))
		return current;
	if (__atomic_load_n(&lock->marked, __ATOMIC_ACQUIRE) == word)
		return __atomic_load_n(&lock->mark, __ATOMIC_RELAXED);
	return find_near(word, mine);
}

bool lock_was_left(const struct shim_lock *lock, uint64_t state, const struct thread *self,
		   const struct frame_mark *mine)
{
	uint64_t word = lock_word(state);
	const struct frame_mark *mark;

	if (shim.confined || lock->calling_out)
		return false;
	mark = find_mark(lock, word, self, mine);
	return mark != NULL && frame_was_left(mark, word, mine);
}

bool lock_is_lost(const struct shim_lock *lock, uint64_t state)
{
	const struct frame_mark *mark;
	uint32_t owner = lock_owner(state);

	if (owner == 0 || shim.confined)
		return false;
	if (!(owner & MADE_UP) && task_is_gone(owner))
		return true;
	mark = lock_mark(lock, state);
	return mark != NULL && frame_is_lost(mark, lock_word(state));
}

void lock_rename_owner(struct shim_lock *lock, struct thread *self)
{
	uint64_t state = (lock->state & ~ID_MASK) | lock_id(task_tid_of(self));

	if (self != &thread_nobody && is_place(self->mark, state))
		self->mark->word = state;
	lock->marked = state;
	lock->state = state;
}
