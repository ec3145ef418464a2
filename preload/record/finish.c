/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include "base/sys.h"
#include "base/text.h"
#include "map/map.h"
#include "map/resync.h"
#include "map/verify.h"
#include "record/finish.h"
#include "record/pending_note.h"
#include "record/recorder_state.h"
#include "record/session.h"
#include "shim/shim.h"
#include "vma/vm_errno.h"

#define EXIT_WAITS 500 /* of a millisecond or more each */

static void say_not_compared(int error)
{
	char buffer[160];
	struct text text;

	text_init(&text, buffer, sizeof(buffer));
	text_string(&text, "not compared with the kernel's map: ");
	text_string(&text, error == -ENOMEM ? "no memory for it" : "it can't be read");
	text_string(&text, " (");
	text_string(&text, vm_errno_name(-error));
	text_char(&text, ')');
	ledger_writer_note(&shim.writer, LEDGER_NOTE_DEGRADED, buffer);
}

int64_t finish_verify(bool at_exit, vm_difference_fn report, void *context)
{
	uint64_t mask;
	int64_t result;

	if (shim.confined)
		return -EPERM;
	mask = shim_block_signals();
	session_settle();		  /* handlers that came since we have the lock */
	if (late_pending(&recorder.late)) /* made, perhaps, or left for good */
		resync_everything();
	resync_unread();
	result = verify_map(at_exit, report, context);
	if (result < 0)
		say_not_compared((int)result);
	shim_restore_signals(mask);
	return result;
}

/*
 * Whoever has the lock may have been made to wait for its processor in the middle of a
 * record. No call waits for that, but what is not written now is lost.
 */
static bool lock_at_exit(struct frame_mark *mark)
{
	for (unsigned i = 0; i < EXIT_WAITS; i++)
		if (session_lock(mark, TAKE_LOCK_AT_EXIT))
			return true;
	return false;
}

/* Somebody is changing the set, and is not let run. The header needs no lock. */
static void end_without_lock(int status)
{
	struct ledger_header *header = shim.writer.header;

	if (header != NULL) {
		header->n_unrecorded += late_count(&recorder.late);
		shim_write_counters();
	}
	ledger_writer_finish(&shim.writer, LEDGER_END_EXIT, status);
}

/*
 * A vfork child that could not execute its program ends with _exit, too, in its
 * parent's memory: the parent's ledger goes on. A fork child that made no call
 * has no ledger.
 */
void finish_at_exit(int status)
{
	struct frame_mark mark;

	if (!shim.live || shim.confined || shim_not_begun())
		return;
	if ((uint32_t)sys_getpid() != shim.pid)
		return;
	if (!lock_at_exit(&mark)) {
		end_without_lock(status);
		return;
	}
	if (shim.options.verify != OPTION_VERIFY_OFF)
		finish_verify(true, NULL, NULL);
	if (shim.writer.header != NULL) {
		pending_note_write();
		shim_write_counters();
		ledger_writer_finish(&shim.writer, LEDGER_END_EXIT, status);
	}
	session_unlock(&mark);
}
