/* SPDX-License-Identifier: Apache-2.0 */

#include "base/sys.h"
#include "capture/confine.h"
#include "capture/raw.h"
#include "crash/fault.h"
#include "map/map.h"
#include "map/own_memory.h"
#include "record/session.h"
#include "shim/shim.h"

#define AREAS_AHEAD 1024

static void take_back(void)
{
	map.pages.closed = false;
	shim.writer.confined = false;
	shim.confined = false;
}

static void prepare(void)
{
	fault_stop();
	raw_give_up(NULL);
	memory_set_reserve(map.space.set, AREAS_AHEAD);
	own_memory_update();
	ledger_writer_note(&shim.writer, LEDGER_NOTE_DEGRADED,
			   "the process confined itself with seccomp: from here on nothing is "
			   "asked from the kernel, nothing is compared, and no crash is "
			   "recorded");
	ledger_writer_confine(&shim.writer);
	map.pages.closed = true;
	shim.confined = true;
}

long confine_call(long nr, const uint64_t args[6])
{
	struct frame_mark mark;
	bool prepared = shim.live && !shim.confined && session_lock(&mark, TAKE_LOCK_OVER);
	long result;

	if (prepared) {
		prepare();
		session_unlock(&mark);
	}
	result = sys_call_with(nr, args);
	if (result >= 0)
		shim.confined = true;
	else if (prepared)
		take_back();
	return result;
}
