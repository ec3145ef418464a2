/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_CHILD_H
#define PRELOAD_CHILD_H

/*
 * child - a fork child keeps a ledger of its own
 *
 * A child is noticed by a page that the kernel wiped for it, so every way of
 * forking is covered, and a child that shares its parent's memory (vfork,
 * posix_spawn) is not one: a ledger belongs to an address space.
 *
 * Nothing happens until the child's first call. Most children execute another
 * program at once and never make one.
 */

/* Called first in a fork child: its copy of the recorder's lock is free again. */
void child_notice(void);

/* Opens the child's own ledger and reads its baseline. With the lock held, before its first call.
 */
void child_begin(void);

#endif
