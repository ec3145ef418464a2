/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mutation.h"
#include "map/resync.h"
#include "record/child.h"
#include "record/late_record.h"
#include "record/recorder_state.h"
#include "record/session.h"
#include "shim/shim.h"

/*
 * Records what is ready, the oldest first. What somebody left behind that nobody will complete
 * may have had an effect: then everything is asked. @mine: the mark of the hold, or NULL.
 */
static void record_pending(const struct frame_mark *mine)
{
	struct late_calls *late = &recorder.late;
	int slot;

	late_give_up_left(late, mine);
	while ((slot = late_next_ready(late)) >= 0) {
		if (!ML_MUTATED(LATE_CALLS_LOST))
			late_record_call(&late->slot[slot].call, &late->slot[slot].trace);
		late_give_back(late, slot);
	}
	if (late_take_lost(late))
		resync_everything();
}

bool session_settle(void)
{
	bool unsettled = late_pending(&recorder.late);

	record_pending(NULL);
	return unsettled;
}

/*
 * Nobody else may come for what a thread without the lock leaves meanwhile. Whoever lost
 * the lock leaves it to its new owner.
 */
void session_unlock(struct frame_mark *mark)
{

	do {
		if (unlikely(late_pending(&recorder.late)) && lock_is_mine(&recorder.lock, mark))
			record_pending(mark);
		lock_release(&recorder.lock, mark);
	} while (unlikely(late_ready(&recorder.late)) &&
		 lock_try(&recorder.lock, mark->thread, mark));
}

bool session_lock(struct frame_mark *mark, enum take_lock_how how)
{
	if (shim_is_new_child())
		child_notice();
	if (take_lock(task_self(), mark, how) != 0)
		return false;
	if (shim.child)
		child_begin();
	if (late_pending(&recorder.late))
		record_pending(mark);
	return true;
}
