/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/futex.h>
#include <time.h>
#include <errno.h>
#include <signal.h>
#include "base/clock.h"
#include "base/sys.h"
#include "fault.h"
#include "shim.h"

#define IN_KERNEL (1ULL << 32)
#define HOLD_ONE (1ULL << 33)
#define HOLD_MASK (~(HOLD_ONE - 1))

#define SPINS 200
#define WAITS 3		   /* of one millisecond each */
#define STEAL_AFTER 200	   /* vain waits for one hold, before it is taken over */
#define ROOM_FOR_CALL 4	   /* records */

/* Initial-exec: in the thread's static block, so that reading it never allocates. */
static __thread uint32_t cached_tid __attribute__((tls_model("initial-exec")));

/* In a confined process a new thread can't ask: its place in memory tells it from others. */
static uint32_t learn_tid(void)
{
	return shim.sandboxed ? 1u << 31 | (uint32_t)((uintptr_t)&cached_tid >> 4) :
				(uint32_t)sys_gettid();
}

uint32_t recorder_tid(void)
{
	if (unlikely(cached_tid == 0))
		cached_tid = learn_tid();
	return cached_tid;
}

/* ------------------------------------------------------------------ the lock */

static uint32_t owner_of(uint64_t state)
{
	return (uint32_t)state;
}

static bool try_lock(struct recorder *recorder, uint32_t tid)
{
	uint64_t state = __atomic_load_n(&recorder->state, __ATOMIC_RELAXED);

	return owner_of(state) == 0 &&
	       __atomic_compare_exchange_n(&recorder->state, &state,
					   ((state & HOLD_MASK) + HOLD_ONE) | tid, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static bool spin_lock(struct recorder *recorder, uint32_t tid)
{
	for (unsigned i = 0; i < SPINS; i++) {
		if (try_lock(recorder, tid))
			return true;
#if defined(__x86_64__)
		__builtin_ia32_pause();
#endif
	}
	return false;
}

/* False when the lock did not become free in time. */
static bool wait_lock(struct recorder *recorder, uint32_t tid, unsigned waits)
{
	const struct timespec millisecond = { .tv_nsec = 1000000 };
	bool locked = false;

	__atomic_fetch_add(&recorder->n_waiters, 1, __ATOMIC_SEQ_CST);
	for (unsigned i = 0; i < waits && !locked; i++) {
		uint32_t turn = __atomic_load_n(&recorder->turn, __ATOMIC_SEQ_CST);

		locked = try_lock(recorder, tid);
		if (!locked)
			sys_futex(&recorder->turn, FUTEX_WAIT_PRIVATE, turn, &millisecond);
	}
	if (!locked)
		locked = try_lock(recorder, tid);
	__atomic_fetch_sub(&recorder->n_waiters, 1, __ATOMIC_SEQ_CST);
	return locked;
}

/* Something may have been missed: everything is asked from the kernel. The set is whole. */
static void reread_everything(void)
{
	resync_range(MEMORY_SET_ALL, VM_REASON_UNORDERED, 0);
}

static bool replace_owner(struct recorder *recorder, uint32_t tid, uint64_t state)
{
	return __atomic_compare_exchange_n(&recorder->state, &state,
					   ((state & HOLD_MASK) + HOLD_ONE) | tid, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/*
 * The owner was inside its system call, where the set is whole: it need not even be
 * gone. If it lives, its call is one without the lock from now on.
 */
static bool steal(struct recorder *recorder, uint32_t tid, uint64_t state, bool gone)
{
	if (!(state & IN_KERNEL) || owner_of(state) == 0 || !replace_owner(recorder, tid, state))
		return false;
	if (!gone)
		__atomic_fetch_add(&recorder->n_without, 1, __ATOMIC_SEQ_CST);
	reread_everything();
	return true;
}

static bool slow_lock(struct recorder *recorder, uint32_t tid)
{
	uint64_t state = __atomic_load_n(&recorder->state, __ATOMIC_RELAXED);
	uint64_t hold = state & HOLD_MASK;

	if (spin_lock(recorder, tid))
		return true;
	if (shim.sandboxed)
		return false;
	if (__atomic_load_n(&recorder->stuck_hold, __ATOMIC_RELAXED) != hold) {
		if (wait_lock(recorder, tid, WAITS))
			return true;
		state = __atomic_load_n(&recorder->state, __ATOMIC_RELAXED);
		if ((state & HOLD_MASK) != hold)
			return try_lock(recorder, tid); /* busy, but going on */
		__atomic_store_n(&recorder->stuck_hold, hold, __ATOMIC_RELAXED);
		__atomic_store_n(&recorder->stuck_count, 0, __ATOMIC_RELAXED);
		return false;
	}
	/* Somebody has waited for this very hold in vain. */
	if (wait_lock(recorder, tid, 1))
		return true;
	if (__atomic_add_fetch(&recorder->stuck_count, 1, __ATOMIC_RELAXED) % STEAL_AFTER != 0)
		return false;
	return steal(recorder, tid, __atomic_load_n(&recorder->state, __ATOMIC_RELAXED), false);
}

static void release(struct recorder *recorder)
{
	uint64_t state = recorder->state & HOLD_MASK;

	recorder->mark = NULL;
	__atomic_exchange_n(&recorder->state, state, __ATOMIC_SEQ_CST);
	if (unlikely(__atomic_load_n(&recorder->n_waiters, __ATOMIC_SEQ_CST) != 0)) {
		__atomic_fetch_add(&recorder->turn, 1, __ATOMIC_SEQ_CST);
		sys_futex(&recorder->turn, FUTEX_WAKE_PRIVATE, 1, NULL);
	}
}

/* ---------------------------------------------------------------- performing */

static int64_t make_call(struct vm_call *call)
{
	const uint64_t *a = call->args;

	call->result = sys_call6(vm_op_info(call->op)->nr, (long)a[0], (long)a[1], (long)a[2],
				 (long)a[3], (long)a[4], (long)a[5]);
	return call->result;
}

/*
 * While the owner is in the kernel its set is whole and the lock may be stolen,
 * or, after a fork, the returning thread may be the child's. Either way the
 * answer is the program's, and recording it is somebody else's business.
 */
int64_t recorder_perform(void *context, struct vm_call *call)
{
	struct recorder *recorder = context;
	uint64_t mine = recorder->state;
	uint64_t expected = mine | IN_KERNEL;

	if (recorder->replaying)
		return call->result;
	__atomic_store_n(&recorder->state, expected, __ATOMIC_RELEASE);
	make_call(call);
	if (unlikely(*shim.fork_mark == 0)) {
		child_notice();
		return -EOWNERDEAD;
	}
	if (unlikely(!__atomic_compare_exchange_n(&recorder->state, &expected, mine, false,
						  __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)))
		return -EOWNERDEAD;
	return call->result;
}

/* ---------------------------------------------------------------- late calls */

static void late_push(struct recorder *recorder, const struct vm_call *call)
{
	uint32_t place = __atomic_fetch_add(&recorder->late_tail, 1, __ATOMIC_RELAXED);
	struct late_call *late = &recorder->late[place % RECORDER_LATE_MAX];

	if (place - __atomic_load_n(&recorder->late_head, __ATOMIC_ACQUIRE) >= RECORDER_LATE_MAX) {
		/* The place stays empty: whoever drains the ring rereads everything. */
		__atomic_store_n(&recorder->late_lost, true, __ATOMIC_RELEASE);
		return;
	}
	late->call = *call;
	__atomic_store_n(&late->ready, 1, __ATOMIC_RELEASE);
}

/* An owner that was taken for gone was not counted. */
static void no_longer_without(struct recorder *recorder)
{
	if (__atomic_load_n(&recorder->n_without, __ATOMIC_SEQ_CST) != 0)
		__atomic_fetch_sub(&recorder->n_without, 1, __ATOMIC_SEQ_CST);
}

static bool late_pending(struct recorder *recorder)
{
	uint32_t head = recorder->late_head;

	return __atomic_load_n(&recorder->late[head % RECORDER_LATE_MAX].ready,
			       __ATOMIC_ACQUIRE) != 0 ||
	       __atomic_load_n(&recorder->late_lost, __ATOMIC_ACQUIRE);
}

static void resync_doubts(const struct vm_doubts *doubts, const struct vm_call *call)
{
	for (unsigned i = 0; i < doubts->n; i++)
		if (call->op == VM_OP_SHMAT)
			resync_mapping(doubts->doubt[i].range.start, doubts->doubt[i].reason,
				       call->event);
		else
			resync_range(doubts->doubt[i].range, doubts->doubt[i].reason,
				     call->event);
}

static void record_late(struct vm_call *call)
{
	struct recorder *recorder = &shim.recorder;
	enum vm_reason reason =
		call->flags & VM_CALL_NESTED ? VM_REASON_NESTED : VM_REASON_UNORDERED;
	struct addr_range ranges[2];
	struct vm_doubts doubts = { 0 };
	struct ledger_call *record = NULL;
	unsigned n;

	vm_space_reserve(&shim.space, VM_APPLY_GROWTH);
	resync_own();
	if (ledger_writer_room(&shim.writer, ROOM_FOR_CALL))
		record = ledger_writer_begin_call(&shim.writer, call);
	if (record != NULL) {
		record->result = call->result;
		ledger_writer_done(&shim.writer, record);
	}
	n = vm_call_ranges(&shim.space, call, true, ranges);
	recorder->replaying = true;
	vm_apply(&shim.space, call, &doubts);
	recorder->replaying = false;
	for (unsigned i = 0; i < n; i++)
		resync_range(ranges[i], reason, call->event);
	resync_doubts(&doubts, call);
}

static void drain_late(struct recorder *recorder)
{
	while (__atomic_load_n(&recorder->late[recorder->late_head % RECORDER_LATE_MAX].ready,
			       __ATOMIC_ACQUIRE)) {
		struct late_call *late = &recorder->late[recorder->late_head % RECORDER_LATE_MAX];

		record_late(&late->call);
		__atomic_store_n(&late->ready, 0, __ATOMIC_RELEASE);
		__atomic_fetch_add(&recorder->late_head, 1, __ATOMIC_RELEASE);
	}
	if (__atomic_load_n(&recorder->late_lost, __ATOMIC_ACQUIRE)) {
		__atomic_store_n(&recorder->late_head, recorder->late_tail, __ATOMIC_RELEASE);
		__atomic_store_n(&recorder->late_lost, false, __ATOMIC_RELEASE);
		reread_everything();
	}
}

/* In this order: whoever is no longer counted has its call in the ring. */
bool recorder_settle(void)
{
	struct recorder *recorder = &shim.recorder;
	bool unsettled = __atomic_load_n(&recorder->n_without, __ATOMIC_SEQ_CST) != 0;

	if (!late_pending(recorder))
		return unsettled;
	drain_late(recorder);
	return true;
}

/*
 * Nobody else may come for what a bypassing thread leaves in the ring meanwhile.
 * Whoever lost the lock leaves it to its new owner.
 */
static void unlock_and_drain(struct recorder *recorder, const struct recorder_mark *mark)
{
	if (unlikely(recorder->mark != mark))
		return;
	do {
		if (unlikely(late_pending(recorder)))
			drain_late(recorder);
		release(recorder);
	} while (unlikely(late_pending(recorder)) && try_lock(recorder, recorder_tid()));
}

/* ------------------------------------------------------------- the one door */

/* Forwarded at once; recorded by whoever has the lock next, perhaps us. */
static int64_t call_without_lock(struct vm_call *call, uint8_t why)
{
	struct recorder *recorder = &shim.recorder;

	call->flags |= why;
	call->tid = recorder_tid();
	call->ticks = clock_ticks();
	__atomic_fetch_add(&recorder->n_without, 1, __ATOMIC_SEQ_CST);
	make_call(call);
	if (*shim.fork_mark == 0) {
		child_notice();
		return call->result;
	}
	__atomic_fetch_add(why == VM_CALL_NESTED ? &shim.n_deferred : &shim.n_bypassed, 1,
			   __ATOMIC_RELAXED);
	late_push(recorder, call);
	no_longer_without(recorder);
	if (why == VM_CALL_UNORDERED && try_lock(recorder, call->tid))
		unlock_and_drain(recorder, recorder->mark);
	return call->result;
}

/* Further apart than this, two frames are not taken to be on one stack. */
#define SAME_STACK (256u << 10)

/*
 * Is the mark of this hold where it was put? On an alternate stack nothing can be
 * said from addresses, so there the owner is believed to be alive.
 */
static bool owner_is_gone(const struct recorder *recorder, const struct recorder_mark *mine)
{
	const struct recorder_mark *owner = recorder->mark;
	stack_t stack;

	if (owner == NULL || shim.sandboxed ||
	    sys_call6(SYS_sigaltstack, 0, (long)&stack, 0, 0, 0, 0) < 0 ||
	    (stack.ss_flags & SS_ONSTACK))
		return false;
	if ((uintptr_t)mine >= (uintptr_t)owner)
		return true;
	return (uintptr_t)owner - (uintptr_t)mine < SAME_STACK &&
	       owner->hold != (recorder->state & HOLD_MASK);
}

/*
 * Take the lock over from ourselves, and make the map right. False: not to be done.
 *
 * An owner inside its system call may be alive: it will find that it lost the
 * lock. One that was changing the set must not be; a full ring of late calls is
 * taken for a proof, and a set that is given up stays in memory for a while.
 */
static bool recover(struct recorder *recorder, const struct recorder_mark *mark,
		    enum recorder_doubt doubt)
{
	uint64_t state = recorder->state;
	bool gone = owner_is_gone(recorder, mark) || doubt == RECORDER_GONE ||
		    __atomic_load_n(&recorder->late_lost, __ATOMIC_RELAXED);

	if (state & IN_KERNEL)
		return (gone || doubt == RECORDER_TAKE_OVER) &&
		       steal(recorder, recorder_tid(), state, gone);
	if (!gone || !replace_owner(recorder, recorder_tid(), state))
		return false;
	recorder->replaying = false;
	baseline_again();
	return true;
}

/*
 * The lock is ours already. Either a handler runs on top of a hook of this thread,
 * or a hook was left for good; then its lock is taken over, and a set that was
 * left half changed is made anew. The lock is free again before signals are let
 * in: a handler that jumps out now, as the last one did, has nothing to spoil, so
 * a storm of them does not keep the program from going on.
 *
 * Return: true when the lock is free now.
 */
static bool retake(struct recorder *recorder, const struct recorder_mark *mark,
		   enum recorder_doubt doubt)
{
	uint64_t mask = shim_block_signals();
	bool recovered = recover(recorder, mark, doubt);

	if (recovered)
		release(recorder);
	shim_restore_signals(mask);
	return recovered;
}

/* Return: 0 with the lock, or VM_CALL_NESTED or VM_CALL_UNORDERED: why there is none. */
static uint8_t take_lock(struct recorder_mark *mark, enum recorder_doubt doubt)
{
	struct recorder *recorder = &shim.recorder;
	uint32_t tid = recorder_tid();

	while (unlikely(!try_lock(recorder, tid))) {
		if (recorder_is_mine() && !retake(recorder, mark, doubt))
			return VM_CALL_NESTED;
		if (!recorder_is_mine() && !slow_lock(recorder, tid))
			return VM_CALL_UNORDERED;
		if (recorder_is_mine())
			break;
	}
	mark->hold = recorder->state & HOLD_MASK;
	recorder->mark = mark;
	return 0;
}

static void finish_record(struct ledger_call *record, struct vm_call *call)
{
	if (record == NULL) {
		if (shim.writer.header != NULL)
			shim.writer.header->n_unrecorded++;
		return;
	}
	record->result = call->result;
	ledger_writer_done(&shim.writer, record);
}

static int64_t call_with_lock(struct vm_call *call, const struct recorder_mark *mark)
{
	struct recorder *recorder = &shim.recorder;
	struct ledger_call *record = NULL;
	struct vm_doubts doubts = { 0 };

	if (unlikely(!fault_stack_asked))
		fault_give_stack();
	vm_space_reserve(&shim.space, VM_APPLY_GROWTH);
	if (unlikely(shim.pages.n_regions != shim.n_regions_known))
		resync_own();
	if (ledger_writer_room(&shim.writer, ROOM_FOR_CALL))
		record = ledger_writer_begin_call(&shim.writer, call);
	if (unlikely(shim.writer.moved))
		resync_own();

	if (unlikely(vm_apply(&shim.space, call, &doubts) == -EOWNERDEAD)) {
		if (!shim.child) { /* the lock was stolen from us */
			call->flags |= VM_CALL_UNORDERED;
			late_push(recorder, call);
			no_longer_without(recorder);
		}
		return call->result;
	}
	finish_record(record, call);
	if (unlikely(doubts.n > 0))
		resync_doubts(&doubts, call);
	if (unlikely(shim.options.verify == OPTION_VERIFY_EACH))
		check_call(call, &doubts);
	unlock_and_drain(recorder, mark);
	return call->result;
}

int64_t recorder_call(struct vm_call *call)
{
	struct recorder *recorder = &shim.recorder;
	struct recorder_mark mark;
	uint8_t without;

	if (unlikely(!shim.live))
		return make_call(call);
	if (unlikely(*shim.fork_mark == 0))
		child_notice();
	without = take_lock(&mark, RECORDER_DEFER);
	if (unlikely(without != 0))
		return call_without_lock(call, without);
	if (unlikely(shim.child))
		child_begin();
	if (unlikely(!shim.live)) {
		release(recorder);
		return make_call(call);
	}
	call->tid = recorder_tid();
	call->ticks = clock_ticks();
	return call_with_lock(call, &mark);
}

bool recorder_lock(struct recorder_mark *mark, enum recorder_doubt doubt)
{
	if (*shim.fork_mark == 0)
		child_notice();
	if (take_lock(mark, doubt) != 0)
		return false;
	if (shim.child)
		child_begin();
	return true;
}

void recorder_unlock(struct recorder_mark *mark)
{
	unlock_and_drain(&shim.recorder, mark);
}

bool recorder_restart(void)
{
	uint64_t state = shim.recorder.state;
	bool whole = owner_of(state) == recorder_tid() && (state & IN_KERNEL);

	shim.recorder = (struct recorder){ 0 };
	cached_tid = 0;
	return whole;
}

bool recorder_is_mine(void)
{
	return owner_of(__atomic_load_n(&shim.recorder.state, __ATOMIC_RELAXED)) == recorder_tid();
}
