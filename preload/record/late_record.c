/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/mutation.h"
#include "map/map.h"
#include "map/resync.h"
#include "record/call_record.h"
#include "record/late_record.h"
#include "record/parts.h"
#include "record/perform.h"
#include "shim/shim.h"
#include "sites/sites.h"
#include "stacks/rule_cache.h"
#include "threads/task.h"
#include "vma/vm_reach.h"

void late_record_ask_break(void)
{
	struct vm_call call = { .op = VM_OP_BRK, .flags = VM_CALL_PART };
	const struct unwind_trace nobody = { 0 };
	struct vm_doubts doubts;
	bool untold = map.break_is_untold;

	map.break_is_unsure = map.break_is_untold = false;
	if (shim.confined || ML_MUTATED(BREAK_NOT_ASKED) || perform_call(&call) == 0 ||
	    ((uint64_t)call.result == map.space.brk && !untold))
		return;
	call.tid = task_tid();
	call.ticks = clock_ticks();
	call_record_write_made(&call, &nobody);
	call_record_apply_made(&call, &doubts);
	resync_doubts(&doubts, call.event);
}

void late_record_call(struct vm_call *call, const struct unwind_trace *trace)
{
	enum vm_reason reason =
		call->flags & VM_CALL_NESTED ? VM_REASON_NESTED : VM_REASON_UNORDERED;
	struct addr_range ranges[2];
	struct vm_doubts doubts;
	unsigned n;

	call_record_write_made(call, trace);
	if (sites_may_change(call))
		sites_before(call);
	rule_cache_before_call(call, map.space.brk);
	n = vm_call_ranges(&map.space, call, true, ranges);
	call_record_apply_made(call, &doubts);
	for (unsigned i = 0; i < n; i++)
		resync_range(ranges[i], reason, call->event);
	resync_doubts(&doubts, call->event);
	if (call->op == VM_OP_BRK)
		resync_doubt_break();
	if (parts_has(call))
		parts_record(call);
	if (sites_may_change(call))
		sites_late(call);
}
