/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QUERY_LIVE_H
#define QUERY_LIVE_H

/*
 * live - a ledger beside the process that is still writing it
 *
 * The folded ledger is what is shown and compared. Three things, and only these,
 * are asked from the kernel, because no record can hold them yet: how far a
 * stack has grown, what a call that is under way has done so far, and what the
 * shim was just about to ask after the last call.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include "query/ledger_view.h"

/*
 * The kernel's map, with objects of the space it is compared with. The reading
 * that counts lies between the two ticks.
 */
struct kernel_snapshot {
	struct memory_area *areas;
	size_t n;
	uint64_t ticks_before;
	uint64_t ticks_after;
};

/**
 * kernel_snapshot_read() - /proc/PID/maps, until two readings agree
 * @stable: set to whether they did, after a bounded number of readings
 *
 * Return: 0 or a negative errno; -ESRCH when the process has no map any more.
 */
int kernel_snapshot_read(struct kernel_snapshot *snapshot, pid_t pid, struct vm_objects *objects,
			 bool *stable);
/* Free the areas; all zeros has none. */
void kernel_snapshot_free(struct kernel_snapshot *snapshot);

/**
 * live_await_baseline() - fold until the whole baseline was read
 *
 * A process that has only just started may be writing it.
 *
 * Return: false, with view->problem: it is not there after half a second.
 */
bool live_await_baseline(struct ledger_view *view, pid_t pid);

/* What live_settle() asked the kernel about. */
struct live_notes {
	unsigned n_stacks;
	unsigned n_in_flight;
};

/*
 * Enter the three things above in the fold, which no longer is that of the ledger alone:
 * view_begin() makes it so again. Return: 0 or a negative errno.
 */
int live_settle(struct ledger_view *view, const struct kernel_snapshot *kernel,
		struct live_notes *notes);

/**
 * live_fold() - fold to what the process has now
 *
 * Waits for the baseline, folds all that was recorded, and enters the three things above.
 * Return: false, with view->problem.
 */
bool live_fold(struct ledger_view *view, pid_t pid, struct live_notes *notes);

/* The problem of a process whose map can't be read; @error is kernel_snapshot_read()'s. */
void live_set_problem(struct ledger_view *view, pid_t pid, int error);

#endif
