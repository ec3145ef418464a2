/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_TASK_H
#define PRELOAD_TASK_H

/*
 * task - who is calling, and who is no more
 *
 * The kernel's id of a thread is asked once and kept in the thread's own storage.
 * A vfork child, and any child made with CLONE_VM but without a thread's storage of
 * its own, runs on its parent's; so whoever makes such a child says so before, and
 * both ask from then on.
 */

#include <stdbool.h>
#include <stdint.h>

/* The kernel's id of the caller. */
uint32_t task_tid(void);
/* As above, by asking: for when it must not be wrong. Not in a confined process. */
uint32_t task_tid_asked(void);

enum task_parent {
	TASK_PARENT_WAITS, /* until the child has gone: vfork */
	TASK_PARENT_RUNS,  /* beside the child, on the same storage */
};

/* Called just before the caller makes a child that shares its memory and its storage. */
void task_shares_storage(enum task_parent parent);
/* A fork child has another id than its parent. */
void task_forget(void);

/*
 * Does nobody with this id run in this address space? It has ended, or executes another
 * program. False when that can't be known.
 */
bool task_is_gone(uint32_t tid);

#endif
