/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_LOCK_H
#define PRELOAD_LOCK_H

/*
 * lock - a lock of one word, which is taken, and taken over from its owner, in one step
 *
 *     63         44    43         24     23      22       0
 *     [ hold number | place of frame | kernel | owner's id ]
 *
 * "kernel" is set while the owner is inside its system call, and the map is whole.
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

/* Reads the lock's word. */
uint64_t lock_state(const struct shim_lock *lock);
/* The owner's id in the word @state, or 0 where the lock is free. */
uint32_t lock_owner(uint64_t state);
/* The bits of a thread's id that the word holds. */
uint32_t lock_id(uint32_t tid);
/* Was the owner inside its system call when the word was @state? */
bool lock_in_kernel(uint64_t state);

/* What the owner's mark holds, and the mark itself; NULL: not known, the lock is being taken. */
uint64_t lock_word(uint64_t state);
const struct frame_mark *lock_mark(const struct shim_lock *lock, uint64_t state);

/*
 * Takes the lock for @self, the calling thread, if it is free. Whoever takes the lock sets @mark,
 * which lives until lock_release().
 */
bool lock_try(struct shim_lock *lock, struct thread *self, struct frame_mark *mark);
/* Takes the lock, waiting for it some milliseconds at the most. */
enum lock_wait lock_wait(struct shim_lock *lock, struct thread *self, struct frame_mark *mark);
/*
 * Takes the lock from whoever has it in @state, or from nobody. False: the lock is in another state
 * by now.
 */
bool lock_take_over(struct shim_lock *lock, uint64_t state, struct thread *self,
		    struct frame_mark *mark);
/*
 * Releases the lock that was taken with @mark, and wakes a waiter. Where the lock was taken over
 * meanwhile, it stays with its new owner.
 */
void lock_release(struct shim_lock *lock, struct frame_mark *mark);
/* Is the lock still held by whoever took it with @mark? */
bool lock_is_mine(const struct shim_lock *lock, const struct frame_mark *mark);

/*
 * Say in the word that the owner, who is calling, goes into its system call, and is back. Return:
 * the word to come back with; false: the lock was taken over meanwhile.
 */
uint64_t lock_enter_kernel(struct shim_lock *lock);
bool lock_leave_kernel(struct shim_lock *lock, uint64_t mine);

/* Did @self, the calling thread, who owns the lock, leave the frame that took it? */
bool lock_was_left(const struct shim_lock *lock, uint64_t state, const struct thread *self,
		   const struct frame_mark *mine);
/* Has the owner, some other thread, ended, or left the frame that took the lock? */
bool lock_is_lost(const struct shim_lock *lock, uint64_t state);

/*
 * Writes the new id of @self, the thread of a fork child, into the word: the thread holds the lock
 * in a frame further up, and keeps it.
 */
void lock_rename_owner(struct shim_lock *lock, struct thread *self);

#endif
