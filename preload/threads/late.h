/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_LATE_H
#define PRELOAD_LATE_H

/*
 * late - slots for pending calls: made without the recorder's lock, and recorded later
 *
 *   nested   A signal handler runs on top of a hook of its own thread and makes
 *            a call. It is forwarded at once.
 *   bypass   The lock is not free within a few milliseconds (its owner waits for
 *            a userfaultfd monitor, say). The call is forwarded without it.
 *   lost     The lock was taken from a call that waits in the kernel.
 *   leaving  A thread unmaps the stack that it stands on, and ends.
 *
 * Each takes a slot before it is made, and leaves its result there. Whoever has the lock
 * next records it, marked with VM_CALL_NESTED or VM_CALL_UNORDERED, and asks the kernel
 * about its range, because its place in the order is not known.
 *
 * A slot that stays taken belongs to a call that is still in the kernel, or to a thread
 * that jumped out of it: then it may have had an effect that nobody recorded, and the
 * whole map is asked for. So it is when there was no slot left.
 */

#include <stdbool.h>
#include <stdint.h>
#include "threads/frame.h"
#include "unwind/unwind.h"
#include "vma/vm_call.h"

#define LATE_MAX 64

/*
 * One pending call, and the stack that made it.
 *
 * @trace: its frames are in @frames, wherever it was taken
 * @mark, @word: in the frame of the hook that makes the call
 * @leaving: the call is the last thing its thread does on this stack
 */
struct late_slot {
	struct vm_call call;
	struct unwind_trace trace;
	uint64_t frames[UNWIND_FRAMES_MAX];
	const struct frame_mark *mark;
	uint64_t word;
	bool leaving;
};

/* All slots for pending calls. One bit per slot in @taken, @ready. */
struct late_calls {
	uint64_t taken;
	uint64_t ready;
	uint32_t lost; /* a call may have been made that is in no slot */
	uint32_t serial;
	struct late_slot slot[LATE_MAX];
};

/*
 * Takes a slot for a call that is about to be made; @mark lives until the call is over. Return:
 * the slot, or -1.
 */
int late_take(struct late_calls *late, uint32_t tid, struct frame_mark *mark);
/*
 * Takes a slot for a call in flight, whose thread is about to lose the lock: @word is in @mark,
 * which is that of the thread's hold. Return: the slot, or -1.
 */
int late_take_for(struct late_calls *late, uint32_t tid, const struct frame_mark *mark,
		  uint64_t word);
/* Finds the slot of the call whose hook has @mark in its frame; -1: there is none. */
int late_find(const struct late_calls *late, const struct frame_mark *mark);
/* Frees the slot of a call that was recorded, or will not come; -1: nothing to free. */
void late_give_back(struct late_calls *late, int slot);
/* Keeps a call that was made, with its result: from now on the call is ready to be recorded. */
void late_made(struct late_calls *late, int slot, const struct vm_call *call,
	       const struct unwind_trace *trace);
/* Keeps a call that will be made as the last thing its thread does on this stack. */
void late_leaving(struct late_calls *late, int slot, const struct vm_call *call,
		  const struct unwind_trace *trace);

/* Are there pending calls, in flight or made, or was one lost? */
static inline bool late_pending(const struct late_calls *late)
{
	return __atomic_load_n(&late->taken, __ATOMIC_ACQUIRE) != 0 ||
	       __atomic_load_n(&late->lost, __ATOMIC_ACQUIRE) != 0;
}
/* Are there pending calls that were made and can be recorded now, or was one lost? */
static inline bool late_ready(const struct late_calls *late)
{
	return __atomic_load_n(&late->ready, __ATOMIC_ACQUIRE) != 0 ||
	       __atomic_load_n(&late->lost, __ATOMIC_ACQUIRE) != 0;
}

/* How many calls are pending, in flight or made? All that found no slot count as one. */
static inline unsigned late_count(const struct late_calls *late)
{
	uint64_t taken = __atomic_load_n(&late->taken, __ATOMIC_ACQUIRE);
	unsigned n = __atomic_load_n(&late->lost, __ATOMIC_ACQUIRE) != 0;

	for (; taken != 0; taken &= taken - 1)
		n++;
	return n;
}

/* All below: with the lock held. */

/*
 * Frees the slots of calls whose frames were left for good, so that nobody will complete them:
 * these calls are lost. A thread that left its stack, as it said it would, has made its call.
 * @mine: the mark of this hold of the lock, or NULL.
 */
void late_give_up_left(struct late_calls *late, const struct frame_mark *mine);

/* Finds the slot of the call that began first, of those that are ready to be recorded; -1: none. */
int late_next_ready(const struct late_calls *late);

/* Was a call lost since this was asked last? */
bool late_take_lost(struct late_calls *late);

#endif
