/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_RECORDER_STATE_H
#define PRELOAD_RECORDER_STATE_H

/*
 * recorder_state - the recorder's lock, and the calls that are made without it
 *
 * There is one struct recorder. Its lock guards the map, the ledger's writer and the static
 * buffers of the rooms that these need. Only take_lock.c and session.c take it, and recorder.c
 * for a call that goes round it.
 */

#include <stdbool.h>
#include "threads/late.h"
#include "threads/lock.h"

/*
 * @replaying: the performer returns the result that it finds in a call, which was made before
 * @late:      calls that are pending: in flight without the lock, or made and not recorded
 */
struct recorder {
	struct shim_lock lock;
	bool replaying;
	struct late_calls late;
};

extern struct recorder recorder __attribute__((visibility("hidden")));

#endif
