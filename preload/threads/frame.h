/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_FRAME_H
#define PRELOAD_FRAME_H

/*
 * frame - tells whether the stack frame of a hook was left for good
 *
 * A signal handler may leave with siglongjmp, over hooks that were running. The frames
 * of these hooks are then below the stack pointer, or have been written over. A mark in
 * the frame, and where the caller's own frame is, tell it.
 *
 * "Gone" is always a proof: whoever is said to be gone never runs again. What can't be
 * proved is taken for alive, and looked at again with the next call. Nothing is said
 * about programs that switch between stacks inside a signal handler when the stacks
 * have no guard page between them.
 */

#include <stdbool.h>
#include <stdint.h>

struct thread;

/*
 * A mark that lies in the stack frame of a hook.
 *
 * @word:  what is written there as long as the frame lives
 * @outer: the mark that was the thread's current one before
 * @thread: whose it is: set by whoever takes the lock with it
 */
struct frame_mark {
	volatile uint64_t word;
	struct frame_mark *outer;
	struct thread *thread;
};

/*
 * Is the frame of @mark, with @word in it, one that the calling thread has left? @mine: the mark in
 * the caller's frame.
 */
bool frame_was_left(const struct frame_mark *mark, uint64_t word, const struct frame_mark *mine);

/*
 * Has the frame of @mark, with @word in it, been written over? Asked by another thread; the memory
 * may be gone, too.
 */
bool frame_is_lost(const struct frame_mark *mark, uint64_t word);

#endif
