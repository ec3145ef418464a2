/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include "base/clock.h"
#include "base/mutation.h"
#include "base/sys.h"
#include "map/map.h"
#include "map/own_memory.h"
#include "map/resync.h"
#include "record/call_record.h"
#include "record/check.h"
#include "record/child.h"
#include "record/intervene.h"
#include "record/late_record.h"
#include "record/parts.h"
#include "record/perform.h"
#include "record/recorder.h"
#include "record/recorder_state.h"
#include "record/session.h"
#include "record/stack_walk.h"
#include "record/take_lock.h"
#include "record/thread_stack.h"
#include "shim/shim.h"
#include "sites/sites.h"
#include "stacks/rule_cache.h"
#include "threads/alt_stack.h"
#include "threads/small_stack.h"
#include "threads/task.h"
#include "vma/vm_apply.h"
#include "vma/vm_reach.h"

#define STACKS_LEAVING 8 /* frames: a stack that goes may be small */

/*
 * A late call is set right by reading its own range back. What mremap took from there in the
 * meantime is elsewhere now, and is what it was before that call.
 */
static void doubt_what_moved(const struct vm_call *call)
{
	struct addr_range ranges[2];
	unsigned n = vm_call_ranges(&map.space, call, true, ranges);

	if (n == 2 && !vm_call_failed(call))
		resync_range(ranges[1], VM_REASON_UNORDERED, call->event);
}

/* ------------------------------------------------------------- the one door */

/* Forwarded at once; recorded by whoever has the lock next, perhaps us. */
static int64_t call_without_lock(struct vm_call *call, struct thread *self, struct frame_mark *mark,
				 uint8_t why, const struct unwind_trace *trace)
{
	int slot;

	call->flags |= why;
	call->tid = task_tid_of(self);
	call->ticks = clock_ticks();
	slot = late_take(&recorder.late, call->tid, mark);
	rule_cache_before_call_without_lock(call, map.space.brk);
	if (!ML_MUTATED(LOCK_AFTER_CALL))
		perform_call(call);
	if (shim_is_new_child()) {
		child_notice();
		return call->result;
	}
	__atomic_fetch_add(why == VM_CALL_NESTED ? &shim.n_deferred : &shim.n_bypassed, 1,
			   __ATOMIC_RELAXED);
	late_made(&recorder.late, slot, call, trace);
	if (why == VM_CALL_UNORDERED && lock_try(&recorder.lock, self, mark))
		session_unlock(mark);
	return call->result;
}

/* The lock was taken from us while the call was in the kernel. */
static int64_t call_lost_lock(struct vm_call *call, struct frame_mark *mark,
			      const struct unwind_trace *trace)
{
	int slot;

	lock_release(&recorder.lock, mark);
	if (shim.child || !shim.live) /* we are a fork child, which has yet to begin */
		return call->result;
	call->flags |= VM_CALL_UNORDERED;
	slot = late_find(&recorder.late, mark);
	if (slot < 0) /* it was taken for gone */
		slot = late_take(&recorder.late, call->tid, mark);
	late_made(&recorder.late, slot, call, trace);
	if (lock_try(&recorder.lock, mark->thread, mark))
		session_unlock(mark);
	return call->result;
}

/* Not made at all. */
static int64_t refuse_call(struct vm_call *call, struct ledger_call *record,
			   struct frame_mark *mark, int refusal)
{
	call->result = refusal;
	if (record != NULL)
		record->flags |= VM_CALL_REFUSED;
	call_record_finish(record, call);
	session_unlock(mark);
	return call->result;
}

/* Code that comes without the lock may run before it is searched, and then it is not patched. */
#define CODE_WAITS 20

static uint8_t take_lock_for_code(struct thread *self, struct frame_mark *mark)
{
	uint8_t without = VM_CALL_UNORDERED;

	for (unsigned i = 0; i < CODE_WAITS && without == VM_CALL_UNORDERED; i++)
		without = take_lock(self, mark, TAKE_LOCK_DEFER);
	return without;
}

static int64_t call_with_lock(struct vm_call *call, struct frame_mark *mark,
			      const struct unwind_trace *trace)
{
	struct ledger_call *record;
	struct vm_doubts doubts = { 0 };
	struct intervention before = { 0 };
	bool stops = false;

	if (unlikely(mark->thread->alt_stack_turn != alt_stack_turn_now))
		alt_stack_give(mark->thread);
	if (unlikely(call->op == VM_OP_BRK && map.break_is_unsure))
		late_record_ask_break();
	resync_before(call);
	vm_space_reserve(&map.space, VM_APPLY_GROWTH);
	if (unlikely(own_memory_has_grown()))
		own_memory_update();
	rule_cache_before_call(call, map.space.brk);
	record = call_record_begin(call, trace);
	if (unlikely(shim.writer.moved))
		own_memory_update();
	if (unlikely(sites_may_change(call)))
		sites_before(call);

	if (unlikely(intervene_wanted)) {
		before = intervene_before(call, trace);
		if (before.refusal != 0)
			return refuse_call(call, record, mark, before.refusal);
	}
	if (ML_MUTATED(LOCK_AFTER_CALL))
		recorder.replaying = true;
	if (unlikely(vm_apply(&map.space, call, &doubts) == -EOWNERDEAD))
		return call_lost_lock(call, mark, trace);
	if (ML_MUTATED(LOCK_AFTER_CALL))
		recorder.replaying = false;
	call_record_finish(record, call);
	if (unlikely(doubts.n > 0))
		resync_doubts(&doubts, call->event);
	if (unlikely(call->op == VM_OP_MREMAP && late_pending(&recorder.late)))
		doubt_what_moved(call);
	if (unlikely(parts_has(call)))
		parts_record(call);
	if (unlikely(sites_may_change(call)))
		sites_after(call);
	if (unlikely(intervene_wanted))
		stops = intervene_after(call, &before, trace);
	if (unlikely(shim.options.verify == OPTION_VERIFY_EACH))
		check_call(call, &doubts);
	session_unlock(mark);
	if (unlikely(stops))
		intervene_stop();
	return call->result;
}

static __attribute__((noinline)) int64_t
call_here(struct vm_call *call, const struct unwind_regs *from, struct thread *self)
{
	struct unwind_trace trace;
	struct frame_mark mark;
	uint8_t without;

	if (ML_MUTATED(LOCK_AFTER_CALL))
		perform_call(call);
	if (ML_MUTATED(VFORK_IS_FORK) && (uint32_t)sys_getpid() != shim.pid)
		*shim.fork_mark = 0;
	if (unlikely(shim_is_new_child()))
		child_notice();
	/* No more of a signal stack than is asked for. */
	trace.max = (uint8_t)shim.options.depth;
	trace.frames = __builtin_alloca(trace.max * sizeof(trace.frames[0]));
	stack_walk_take(&trace, from);
	without = take_lock(self, &mark, TAKE_LOCK_DEFER);
	if (unlikely(without == VM_CALL_UNORDERED && sites_bring_code(call)))
		without = take_lock_for_code(self, &mark);
	if (unlikely(without != 0))
		return call_without_lock(call, self, &mark, without, &trace);
	if (unlikely(shim.child))
		child_begin();
	if (unlikely(!shim.live)) {
		lock_release(&recorder.lock, &mark);
		return perform_call(call);
	}
	call->tid = task_tid_of(self);
	call->ticks = clock_ticks();
	thread_stack_say(self, from);
	return call_with_lock(call, &mark, &trace);
}

/* Little more than a jump: on a small stack there is no room for more. */
int64_t recorder_call(struct vm_call *call, const struct unwind_regs *from)
{
	struct thread *self;

	if (unlikely(!shim.live))
		return perform_call(call);
	self = task_self();
	if (unlikely(small_stack_is_here(self)) && small_stack_leave(call_here, call, from, self))
		return call->result;
	return call_here(call, from, self);
}

void recorder_leave_stack(struct vm_call *call, const struct unwind_regs *from)
{
	struct late_calls *late = &recorder.late;
	uint64_t frames[STACKS_LEAVING];
	struct unwind_trace trace = { .frames = frames, .max = STACKS_LEAVING };
	struct frame_mark mark;

	if (!shim.live)
		return;
	if (shim_is_new_child())
		child_notice();
	stack_walk_take(&trace, from);
	call->flags |= VM_CALL_UNORDERED;
	call->tid = task_tid();
	call->ticks = clock_ticks();
	call->result = 0;
	__atomic_fetch_add(&shim.n_bypassed, 1, __ATOMIC_RELAXED);
	late_leaving(late, late_take(late, call->tid, &mark), call, &trace);
}
