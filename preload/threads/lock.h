/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_LOCK_H
#define PRELOAD_LOCK_H

/*
 * lock - one word, so that it can be taken, and taken over, in one step
 *
 *     63         44    43         24     23      22       0
 *     [ hold number | place of frame | kernel | owner's id ]
 *
 * "kernel" is set while the owner is inside its system call and its set is whole.
 * The place is that of the owner's frame_mark, 20 bits of it: with the id, it makes the
 * word say at every instant whose hold this is, so that a signal handler that comes or
 * leaves at any instruction finds out. The whole address is in the owner's entry of
 * the table of threads, and, for others, beside the word.
 *
 * Memory: taking acquires, releasing releases; what is beside the word belongs to the
 * owner.
 */

#include <stdbool.h>
#include <stdint.h>
#include "threads/frame.h"

struct shim_lock {
	uint64_t state;
	uint32_t turn;	      /* futex: changes whenever a waiter may try again */
	uint32_t waiting;     /* somebody sleeps, or is about to */
	uint64_t stuck;	      /* a hold that somebody waited for in vain */
	uint32_t stuck_count; /* how often more */

	/* The owner's mark: valid when @marked is the lock's state, but for "kernel". */
	const struct frame_mark *mark;
	uint64_t marked;
	bool calling_out; /* the owner runs a function of the program's */
};

enum lock_wait {
	LOCK_TAKEN,
	LOCK_BUSY,  /* not to be had in time, but going from hand to hand */
	LOCK_STUCK, /* the same hold all the time */
};

uint64_t lock_state(const struct shim_lock *lock);
uint32_t lock_owner(uint64_t state);
/* The bits of a thread's id that the word holds. */
uint32_t lock_id(uint32_t tid);
bool lock_in_kernel(uint64_t state);

/* What the owner's mark holds, and the mark itself; NULL: not known, it is just being taken. */
uint64_t lock_word(uint64_t state);
const struct frame_mark *lock_mark(const struct shim_lock *lock, uint64_t state);

/* All that take set @mark, which lives until lock_release(). @self: the calling thread. */
bool lock_try(struct shim_lock *lock, struct thread *self, struct frame_mark *mark);
/* Some milliseconds at the most. */
enum lock_wait lock_wait(struct shim_lock *lock, struct thread *self, struct frame_mark *mark);
/* From whoever has it in @state, or nobody. False: it is in another state by now. */
bool lock_take_over(struct shim_lock *lock, uint64_t state, struct thread *self,
		    struct frame_mark *mark);
/* Nothing happens when the lock was taken over from @mark. */
void lock_release(struct shim_lock *lock, struct frame_mark *mark);
bool lock_is_mine(const struct shim_lock *lock, const struct frame_mark *mark);

/* Around the system call. The word to come back with; false: the lock was lost meanwhile. */
uint64_t lock_enter_kernel(struct shim_lock *lock);
bool lock_leave_kernel(struct shim_lock *lock, uint64_t mine);

/* Is the owner's frame gone? The owner is the calling thread, @self. */
bool lock_was_left(const struct shim_lock *lock, uint64_t state, const struct thread *self,
		   const struct frame_mark *mine);
/* Is the owner, some other thread, gone or elsewhere for good? */
bool lock_is_lost(const struct shim_lock *lock, uint64_t state);

/*
 * In a fork child whose thread holds the lock in a frame further up: the hold goes on
 * under the new id of the thread, @self.
 */
void lock_rename_owner(struct shim_lock *lock, struct thread *self);

#endif
