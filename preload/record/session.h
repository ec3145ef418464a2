/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_SESSION_H
#define PRELOAD_SESSION_H

/*
 * session - the recorder's lock, held for something else than a call
 *
 * Whoever takes the lock first opens a fork child's ledger and records the calls that are
 * pending; whoever releases it does not leave one behind that became ready meanwhile.
 *
 *     struct frame_mark mark;
 *
 *     if (!session_lock(&mark, TAKE_LOCK_DEFER))
 *             return;
 *     ...
 *     session_unlock(&mark);
 */

#include <stdbool.h>
#include "record/take_lock.h"

/* Takes the lock. @mark lives until session_unlock(). False: it could not be had. */
bool session_lock(struct frame_mark *mark, enum take_lock_how how);

/*
 * Releases the lock. Nobody else may come for what a thread without it leaves meanwhile. Whoever
 * lost the lock leaves that to its new owner.
 */
void session_unlock(struct frame_mark *mark);

/*
 * Records the calls that are pending, with the lock held. True when there were any, or others
 * are being made without the lock: then the kernel may be ahead of the set.
 */
bool session_settle(void);

#endif
