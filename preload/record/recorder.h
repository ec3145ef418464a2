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
 * lock is not to be had, goes out at once and is recorded late (late.h). And a lock
 * whose owner is gone is taken over (take_lock.h).
 */

#include <stdbool.h>
#include <stdint.h>
#include "threads/late.h"
#include "threads/lock.h"
#include "unwind/unwind.h"
#include "vma/vm_call.h"

struct recorder {
	struct shim_lock lock;
	bool replaying; /* the performer returns the result it finds */
	struct late_calls late;
};

extern struct recorder recorder;

/**
 * recorder_call() - the one door
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
 * @call, a munmap, takes away the stack that it is made from, so that nothing of ours can
 * come after it: the caller makes it when this has returned. It is recorded when the
 * thread has gone, or calls again from elsewhere.
 */
void recorder_leave_stack(struct vm_call *call, const struct unwind_regs *from);

/* What to do when the lock is ours already, and its owner may or may not be alive. */
enum recorder_doubt {
	RECORDER_DEFER,	    /* believe that it is: a call can wait */
	RECORDER_TAKE_OVER, /* take the lock over where that does no harm if it is */
	RECORDER_GONE,	    /* it will never go on: the process ends */
};

/*
 * Take the lock for something else than a call. @mark lives until recorder_unlock().
 * False: it could not be had.
 */
bool recorder_lock(struct frame_mark *mark, enum recorder_doubt doubt);
void recorder_unlock(struct frame_mark *mark);
/*
 * Does the calling thread itself have the lock, in a hook further up that waits for the
 * kernel? Then the set is whole, and nobody else changes it. @hold tells this hold from
 * others.
 */
bool recorder_lends(uint64_t *hold);
/*
 * With the lock held: late calls are recorded now. True when there were any, or
 * others are being made without the lock: then the kernel may be ahead of the set.
 */
bool recorder_settle(void);

/* The performer of vm_space. */
int64_t recorder_perform(void *context, struct vm_call *call);

/* What a fork child finds of the parent's set in its copy of the memory. */
enum recorder_copy {
	RECORDER_COPY_WHOLE,
	RECORDER_COPY_TORN, /* another thread may have been changing it */
	/* A signal handler forked, on top of a hook: it goes on in the child, and has the lock. */
	RECORDER_COPY_RUNNING,
};

/* In a fork child: its only thread has another id, and nothing is late. */
enum recorder_copy recorder_restart(void);

/* late.c: with the lock held */
void recorder_record_late(struct vm_call *call, const struct unwind_trace *trace);

#endif
