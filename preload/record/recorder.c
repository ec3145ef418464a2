/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include "base/clock.h"
#include "base/mutation.h"
#include "base/sys.h"
#include "crash/fault.h"
#include "map/map.h"
#include "map/own_memory.h"
#include "map/resync.h"
#include "record/check.h"
#include "record/child.h"
#include "record/intervene.h"
#include "record/parts.h"
#include "record/recorder.h"
#include "record/take_lock.h"
#include "record/thread_stack.h"
#include "shim/shim.h"
#include "sites/sites.h"
#include "stacks/stacks.h"
#include "threads/small_stack.h"
#include "threads/task.h"
#include "vma/vm_apply.h"
#include "vma/vm_reach.h"

#define STACKS_LEAVING 8 /* frames: a stack that goes may be small */
#define ROOM_FOR_CALL  4 /* records */

struct recorder recorder;

/* ---------------------------------------------------------------- performing */

static int64_t make_call(struct vm_call *call)
{
	call->result = sys_call_with(vm_op_info(call->op)->nr, call->args);
	if (unlikely(call->op == VM_OP_IO_SETUP))
		vm_call_learn(call);
	return call->result;
}

/*
 * While the owner is in the kernel its set is whole and the lock may be taken over,
 * or, after a fork, the returning thread may be the child's. Either way the
 * answer is the program's, and recording it is somebody else's business.
 */
int64_t recorder_perform(void *context, struct vm_call *call)
{
	uint64_t mine;

	(void)context;
	if (recorder.replaying || ML_MUTATED(LOCK_AFTER_CALL))
		return call->result;
	mine = lock_enter_kernel(&recorder.lock);
	make_call(call);
	if (unlikely(shim_is_new_child())) {
		child_notice();
		return -EOWNERDEAD;
	}
	if (unlikely(!lock_leave_kernel(&recorder.lock, mine)))
		return -EOWNERDEAD;
	return call->result;
}

/* ---------------------------------------------------------------- late calls */

/* The record of a call, begun, and in front of it the stack that made it; NULL when stopped. */
static struct ledger_call *begin_record(struct vm_call *call, const struct unwind_trace *trace)
{
	struct stack_entry *stack = stacks_find(trace);

	if (!ledger_writer_room(&shim.writer, ROOM_FOR_CALL + stacks_records(stack)))
		return NULL;
	call->stack = stacks_write(&shim.writer, stack);
	return ledger_writer_begin_call(&shim.writer, call);
}

/* A call that was made before. */
static void write_made(struct vm_call *call, const struct unwind_trace *trace)
{
	struct ledger_call *record;

	vm_space_reserve(&map.space, VM_APPLY_GROWTH);
	own_memory_update();
	record = begin_record(call, trace);
	if (record == NULL)
		return;
	record->result = call->result;
	ledger_writer_done(&shim.writer, record);
}

static void apply_made(struct vm_call *call, struct vm_doubts *doubts)
{
	recorder.replaying = true;
	vm_apply(&map.space, call, doubts);
	recorder.replaying = false;
}

/* Right before the program's own call about it: the kernel may hold the map's lock till then. */
static void ask_break(void)
{
	struct vm_call call = { .op = VM_OP_BRK, .flags = VM_CALL_PART };
	const struct unwind_trace nobody = { 0 };
	struct vm_doubts doubts;

	map.break_is_unsure = false;
	if (shim.sandboxed || ML_MUTATED(BREAK_NOT_ASKED) || make_call(&call) == 0 ||
	    (uint64_t)call.result == map.space.brk)
		return;
	call.tid = task_tid();
	call.ticks = clock_ticks();
	write_made(&call, &nobody);
	apply_made(&call, &doubts);
	resync_doubts(&doubts, call.event);
}

void recorder_record_late(struct vm_call *call, const struct unwind_trace *trace)
{
	enum vm_reason reason =
		call->flags & VM_CALL_NESTED ? VM_REASON_NESTED : VM_REASON_UNORDERED;
	struct addr_range ranges[2];
	struct vm_doubts doubts;
	unsigned n;

	write_made(call, trace);
	if (sites_may_change(call))
		sites_before(call);
	stacks_before_call(call);
	n = vm_call_ranges(&map.space, call, true, ranges);
	apply_made(call, &doubts);
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

bool recorder_settle(void)
{
	bool unsettled = late_pending(&recorder.late);

	late_record(&recorder.late, NULL);
	return unsettled;
}

/*
 * Nobody else may come for what a thread without the lock leaves meanwhile. Whoever lost
 * the lock leaves it to its new owner.
 */
void recorder_unlock(struct frame_mark *mark)
{

	do {
		if (unlikely(late_pending(&recorder.late)) && lock_is_mine(&recorder.lock, mark))
			late_record(&recorder.late, mark);
		lock_release(&recorder.lock, mark);
	} while (unlikely(late_ready(&recorder.late)) &&
		 lock_try(&recorder.lock, task_tid(), mark));
}

/* ------------------------------------------------------------- the one door */

/* Forwarded at once; recorded by whoever has the lock next, perhaps us. */
static int64_t call_without_lock(struct vm_call *call, struct frame_mark *mark, uint8_t why,
				 const struct unwind_trace *trace)
{
	int slot;

	call->flags |= why;
	call->tid = task_tid();
	call->ticks = clock_ticks();
	slot = late_take(&recorder.late, call->tid, mark);
	stacks_before_call_without_lock(call);
	if (!ML_MUTATED(LOCK_AFTER_CALL))
		make_call(call);
	if (shim_is_new_child()) {
		child_notice();
		return call->result;
	}
	__atomic_fetch_add(why == VM_CALL_NESTED ? &shim.n_deferred : &shim.n_bypassed, 1,
			   __ATOMIC_RELAXED);
	late_made(&recorder.late, slot, call, trace);
	if (why == VM_CALL_UNORDERED && lock_try(&recorder.lock, call->tid, mark))
		recorder_unlock(mark);
	return call->result;
}

static void finish_record(struct ledger_call *record, struct vm_call *call)
{
	if (record == NULL) {
		if (shim.writer.header != NULL)
			shim.writer.header->n_unrecorded++;
		return;
	}
	record->result = call->result;
	if (unlikely(call->op == VM_OP_IO_SETUP))
		record->arg = call->args[2]; /* learned in the call */
	ledger_writer_done(&shim.writer, record);
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
	if (lock_try(&recorder.lock, task_tid(), mark))
		recorder_unlock(mark);
	return call->result;
}

/* Not made at all. */
static int64_t refuse_call(struct vm_call *call, struct ledger_call *record,
			   struct frame_mark *mark, int refusal)
{
	call->result = refusal;
	if (record != NULL)
		record->flags |= VM_CALL_REFUSED;
	finish_record(record, call);
	recorder_unlock(mark);
	return call->result;
}

/* Code that comes without the lock may run before it is searched, and then it is not patched. */
#define CODE_WAITS 20

static uint8_t take_lock_for_code(struct frame_mark *mark)
{
	uint8_t without = VM_CALL_UNORDERED;

	for (unsigned i = 0; i < CODE_WAITS && without == VM_CALL_UNORDERED; i++)
		without = take_lock(mark, RECORDER_DEFER);
	return without;
}

static int64_t call_with_lock(struct vm_call *call, struct frame_mark *mark,
			      const struct unwind_trace *trace)
{
	struct ledger_call *record;
	struct vm_doubts doubts = { 0 };
	struct intervention before = { 0 };
	bool stops = false;

	if (unlikely(fault_stack_asked != fault_stack_turn))
		fault_give_stack();
	if (unlikely(call->op == VM_OP_BRK && map.break_is_unsure))
		ask_break();
	resync_before(call);
	vm_space_reserve(&map.space, VM_APPLY_GROWTH);
	if (unlikely(own_memory_has_grown()))
		own_memory_update();
	stacks_before_call(call);
	record = begin_record(call, trace);
	if (unlikely(shim.writer.moved))
		own_memory_update();
	if (unlikely(sites_may_change(call)))
		sites_before(call);

	if (unlikely(intervene_wanted)) {
		before = intervene_before(call, trace);
		if (before.refusal != 0)
			return refuse_call(call, record, mark, before.refusal);
	}
	if (unlikely(vm_apply(&map.space, call, &doubts) == -EOWNERDEAD))
		return call_lost_lock(call, mark, trace);
	finish_record(record, call);
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
	recorder_unlock(mark);
	if (unlikely(stops))
		intervene_stop();
	return call->result;
}

static __attribute__((noinline)) int64_t call_here(struct vm_call *call,
						   const struct unwind_regs *from)
{
	struct unwind_trace trace;
	struct frame_mark mark;
	uint8_t without;

	if (ML_MUTATED(LOCK_AFTER_CALL))
		make_call(call);
	if (ML_MUTATED(VFORK_IS_FORK) && (uint32_t)sys_getpid() != shim.pid)
		*shim.fork_mark = 0;
	if (unlikely(shim_is_new_child()))
		child_notice();
	/* No more of a signal stack than is asked for. */
	trace.max = (uint8_t)shim.options.depth;
	trace.frames = __builtin_alloca(trace.max * sizeof(trace.frames[0]));
	stacks_take(&trace, from);
	without = take_lock(&mark, RECORDER_DEFER);
	if (unlikely(without == VM_CALL_UNORDERED && sites_bring_code(call)))
		without = take_lock_for_code(&mark);
	if (unlikely(without != 0))
		return call_without_lock(call, &mark, without, &trace);
	if (unlikely(shim.child))
		child_begin();
	if (unlikely(!shim.live)) {
		lock_release(&recorder.lock, &mark);
		return make_call(call);
	}
	call->tid = task_tid();
	call->ticks = clock_ticks();
	thread_stack_say(from);
	return call_with_lock(call, &mark, &trace);
}

/* Little more than a jump: on a small stack there is no room for more. */
int64_t recorder_call(struct vm_call *call, const struct unwind_regs *from)
{
	if (unlikely(!shim.live))
		return make_call(call);
	if (unlikely(small_stack_is_here()) && small_stack_leave(call_here, call, from))
		return call->result;
	return call_here(call, from);
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
	stacks_take(&trace, from);
	call->flags |= VM_CALL_UNORDERED;
	call->tid = task_tid();
	call->ticks = clock_ticks();
	call->result = 0;
	__atomic_fetch_add(&shim.n_bypassed, 1, __ATOMIC_RELAXED);
	late_leaving(late, late_take(late, call->tid, &mark), call, &trace);
}

bool recorder_lock(struct frame_mark *mark, enum recorder_doubt doubt)
{
	if (shim_is_new_child())
		child_notice();
	if (take_lock(mark, doubt) != 0)
		return false;
	if (shim.child)
		child_begin();
	if (late_pending(&recorder.late))
		late_record(&recorder.late, mark);
	return true;
}

enum recorder_copy recorder_restart(void)
{
	uint64_t state = lock_state(&recorder.lock);
	bool mine = lock_owner(state) == lock_id(task_tid());

	task_forget();
	thread_stack_forget();
	recorder.late = (struct late_calls){ 0 };
	if (mine && !lock_in_kernel(state)) {
		lock_rename_owner(&recorder.lock, task_tid());
		return RECORDER_COPY_RUNNING;
	}
	recorder.lock = (struct shim_lock){ 0 };
	recorder.replaying = false;
	return mine ? RECORDER_COPY_WHOLE : RECORDER_COPY_TORN;
}
