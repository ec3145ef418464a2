/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_RECORDER_H
#define PRELOAD_RECORDER_H

/*
 * recorder - one call: lock, begin record, ONE system call, apply, end record, unlock
 *
 * The lock is held across the system call, because order is everything: the
 * kernel frees a range, another thread's mmap is given it, and if that record
 * came first the map would be wrong for ever. A lock held across a system call
 * needs ways out:
 *
 *   nested   A signal handler runs on top of a hook of its own thread and makes
 *            a call. It is forwarded at once; its record is late.
 *   bypass   The lock is not free within a few milliseconds (its owner waits for
 *            a userfaultfd monitor, say). The call is forwarded without the lock;
 *            its record is late.
 *   steal    The owner is gone: a handler jumped out of the hook with siglongjmp,
 *            or a vfork child was killed. Somebody else takes the lock over and
 *            the whole map is read from the kernel again.
 *
 * A late call waits in a ring until somebody has the lock; then it is recorded,
 * marked with VM_CALL_NESTED or VM_CALL_UNORDERED, and its range is asked from the
 * kernel, because its place in the order is not known.
 *
 * The lock is one word, so that it can be taken over in one step:
 *
 *     63           33   32    31        0
 *     [ hold number | kernel | owner tid ]
 *
 * "kernel" is set while the owner is inside the system call and its set is
 * whole. Only then can the lock be stolen without throwing the set away.
 */

#include <stdbool.h>
#include <stdint.h>
#include "vma/vm_call.h"

#define RECORDER_LATE_MAX 64

struct late_call {
	uint32_t ready;
	struct vm_call call;
};

/*
 * Lies in the stack frame of whoever has the lock. A frame that was left by
 * siglongjmp is below us, or has been written over.
 */
struct recorder_mark {
	volatile uint64_t hold;
};

struct recorder {
	uint64_t state;
	uint32_t turn; /* futex: changes whenever a waiter may try again */
	uint32_t n_waiters;
	uint64_t stuck_hold;  /* a hold that somebody waited for in vain */
	uint32_t stuck_count; /* how often */
	const struct recorder_mark *volatile mark; /* the owner's */

	uint32_t late_tail; /* producers */
	uint32_t late_head; /* the owner */
	bool late_lost;	    /* the ring was full */
	uint32_t n_without; /* calls being made without the lock */
	bool replaying;	    /* the performer returns the result it finds */
	struct late_call late[RECORDER_LATE_MAX];
};

/**
 * recorder_call() - the one door
 * @call: op, tier and args are set; result is set on return
 *
 * Makes the call exactly once, in any state of the shim, from any thread or
 * signal handler.
 *
 * Return: what the kernel answered.
 */
int64_t recorder_call(struct vm_call *call);

/* What to do when the lock is ours already, and its owner may or may not be alive. */
enum recorder_doubt {
	RECORDER_DEFER,	   /* believe that it is: a call can wait */
	RECORDER_TAKE_OVER, /* take the lock over where that does no harm if it is */
	RECORDER_GONE,	   /* it will never go on: the process ends */
};

/*
 * Take the lock for something else than a call. @mark lives until recorder_unlock().
 * False: it could not be had.
 */
bool recorder_lock(struct recorder_mark *mark, enum recorder_doubt doubt);
void recorder_unlock(struct recorder_mark *mark);
/*
 * With the lock held: late calls are recorded now. True when there were any, or
 * others are being made without the lock: then the kernel may be ahead of the set.
 */
bool recorder_settle(void);
/* Is the calling thread inside a hook (so: are we in a signal handler on top of it)? */
bool recorder_is_mine(void);

/* The performer of vm_space. */
int64_t recorder_perform(void *context, struct vm_call *call);

/*
 * In a fork child: nobody has the lock, nothing is late, and the thread has
 * another id.
 *
 * Return: true when the child's copy of the set is whole: the lock was held by the
 * very thread that forked, inside its system call. Otherwise another thread may have
 * been changing the set while its pages were being copied.
 */
bool recorder_restart(void);

/* The kernel's id of the calling thread. */
uint32_t recorder_tid(void);

#endif
