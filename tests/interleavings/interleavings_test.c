/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The recorder's lock, pending calls and marks in frames, in every order that two threads and a
 * signal handler can take: the real code of preload/threads, of take_lock.c and of session.c,
 * one atomic operation a step.
 *
 * What a thread does with them is what recorder.c does with a call. Whatever the order:
 *
 *   - Nobody changes the map but the owner of the lock: who lost it has noticed.
 *   - Each call that was made is recorded once, or the whole map is asked for after it.
 *   - Nobody sleeps for a lock that is free.
 *   - In the end the lock can be had, and no call has a slot.
 *
 * With ML_MUTATION a known bug is in the code, and the test fails (tests/mutations).
 */

#include "threads/task.h" /* who calls is no step: its entry is its own */

#include "steps.h"

#include "../../preload/threads/lock.c"
#include "../../preload/threads/frame.c"
#include "../../preload/threads/late.c"
#include "../../preload/record/take_lock.c"
#include "../../preload/record/session.c"

#include <inttypes.h>
#include <stdio.h>

#define CALLS_MAX 6
#define FIRST_TID 1000

struct shim shim;
struct recorder recorder;

/* A call of the program: once its system call was made, the map must learn of it. */
static struct {
	bool made, asked;
	unsigned recorded;
} calls[CALLS_MAX];

static const struct scenario *scenario;
static struct shim_lock *const lock = &recorder.lock;
static struct late_calls *const late = &recorder.late;

/* ------------------------------------------------- what the code under test calls */

bool task_reads_pointer; /* no: all threads of the schedule are one to the kernel */
static struct thread threads[THREADS];

struct thread *task_ask(void)
{
	return &threads[schedule_thread()];
}

uint32_t task_tid_of_nobody(void)
{
	return 0;
}

uint32_t task_tid_asked(void)
{
	return task_tid();
}

bool task_is_gone(uint32_t tid)
{
	schedule_step(STEP_READS, "ask whether a thread is gone");
	return tid - FIRST_TID >= THREADS || schedule_has_died(tid - FIRST_TID);
}

uint64_t shim_block_signals(void)
{
	schedule_block_signals(true);
	return 0;
}

void shim_restore_signals(uint64_t mask)
{
	(void)mask;
	schedule_block_signals(false);
}

/* The map is asked from the kernel: it has what was done by now. */
void resync_everything(void)
{
	schedule_step(STEP_WRITES, "ask for the whole map");
	for (unsigned i = 0; i < CALLS_MAX; i++)
		calls[i].asked |= calls[i].made;
}

void baseline_again(void)
{
	resync_everything();
}

/* Nobody forks here. */
void child_notice(void)
{
}

void child_begin(void)
{
}

static void record(const struct vm_call *call)
{
	uint64_t id = call->args[0];

	if (!calls[id].made)
		schedule_fail("a call is recorded that was not made");
	/* Where its recorder was left in the middle, the whole map was asked for meanwhile. */
	if (++calls[id].recorded > 1 && !calls[id].asked)
		schedule_fail("a call is recorded twice");
}

static void must_be_mine(const struct frame_mark *mark)
{
	if (lock_word(lock->state) != mark->word)
		schedule_fail("the map is changed by somebody who does not have the lock");
}

/* With the lock held, which is more than one thread's: nobody else may have come. */
void late_record_call(struct vm_call *call, const struct unwind_trace *trace)
{
	uint64_t word = lock_word(lock->state);

	(void)trace;
	if (lock_owner(word) != lock_id(task_tid()))
		schedule_fail("a late call is recorded without the lock");
	schedule_step(STEP_WRITES, "record a late call");
	if (lock_word(lock->state) != word)
		schedule_fail("the lock was lost while a late call was being recorded");
	record(call);
}

/* -------------------------------------------------------- a call, as recorder.c has it */

static void make(const struct vm_call *call)
{
	schedule_step(STEP_WRITES, "system call");
	calls[call->args[0]].made = true;
}

static void call_without_lock(struct vm_call *call, struct thread *self, struct frame_mark *mark,
			      uint8_t why)
{
	const struct unwind_trace none = { .n = 0 };
	int slot = late_take(late, call->tid, mark);

	make(call);
	late_made(late, slot, call, &none);
	if (why == VM_CALL_UNORDERED && lock_try(lock, self, mark))
		session_unlock(mark);
}

static void call_lost_lock(struct vm_call *call, struct frame_mark *mark)
{
	const struct unwind_trace none = { .n = 0 };
	int slot;

	lock_release(lock, mark);
	slot = late_find(late, mark);
	if (slot < 0)
		slot = late_take(late, call->tid, mark);
	late_made(late, slot, call, &none);
	if (lock_try(lock, mark->thread, mark))
		session_unlock(mark);
}

static void call_with_lock(struct vm_call *call, struct frame_mark *mark)
{
	uint64_t mine;

	must_be_mine(mark);
	schedule_step(STEP_WRITES, "begin a record");
	must_be_mine(mark);
	if (scenario->impatient) {
		lock->stuck = mark->word;
		lock->stuck_count = STEAL_AFTER - 2;
	}
	mine = lock_enter_kernel(lock);
	make(call);
	if (!lock_leave_kernel(lock, mine)) {
		call_lost_lock(call, mark);
		return;
	}
	must_be_mine(mark);
	schedule_step(STEP_WRITES, "end a record");
	must_be_mine(mark);
	record(call);
	session_unlock(mark);
}

static __attribute__((noinline)) void one_call(uint64_t id)
{
	struct vm_call call = { .tid = task_tid(), .args = { id }, .ticks = id };
	struct thread *self = task_self();
	struct frame_mark mark;
	uint8_t without = take_lock(self, &mark, TAKE_LOCK_DEFER);

	if (without != 0)
		call_without_lock(&call, self, &mark, without);
	else
		call_with_lock(&call, &mark);
}

/* --------------------------------------------------------------------- the test */

static unsigned n_made[THREADS];

static void reset(const struct scenario *now)
{
	scenario = now;
	*lock = (struct shim_lock){ 0 };
	*late = (struct late_calls){ 0 };
	for (unsigned i = 0; i < THREADS; i++)
		n_made[i] = 0;
	for (unsigned i = 0; i < CALLS_MAX; i++)
		memset(&calls[i], 0, sizeof(calls[i]));
	for (unsigned i = 0; i < THREADS; i++)
		threads[i] = (struct thread){ .id = FIRST_TID + i };
}

static void call(unsigned thread)
{
	one_call(thread * 2 + n_made[thread]++);
}

static void handler(void)
{
	one_call(4);
}

/* Of thread 0, when the others have ended: it can have the lock, and nothing is missing. */
static void end(void)
{
	struct frame_mark mark;
	unsigned tries = 0;

	while (!session_lock(&mark, TAKE_LOCK_DEFER))
		if (++tries > 3)
			schedule_fail("the lock can't be had any more");
	session_unlock(&mark);
	if (lock_owner(lock->state) != 0)
		schedule_fail("the lock is not free in the end");
	/* Whoever died before its mark was in its slot, and so before its call, leaves one. */
	for (uint64_t taken = late->taken; taken != 0; taken &= taken - 1)
		if (late->slot[__builtin_ctzll(taken)].mark != NULL)
			schedule_fail("a slot of a late call is left");
	for (unsigned i = 0; i < CALLS_MAX; i++)
		if (calls[i].made && !calls[i].asked && calls[i].recorded == 0)
			schedule_fail("a call was made, and the map does not know");
}

static uint64_t hash(uint64_t state)
{
	const uint64_t shared[] = { lock->state,  lock->turn,	     lock->waiting,
				    lock->stuck,  lock->stuck_count, (uintptr_t)lock->mark,
				    lock->marked, late->taken,	     late->ready,
				    late->lost,	  late->serial };

	for (unsigned i = 0; i < sizeof(shared) / sizeof(shared[0]); i++)
		state = schedule_mix(state, shared[i]);
	for (uint64_t taken = late->taken; taken != 0; taken &= taken - 1) {
		const struct late_slot *slot = &late->slot[__builtin_ctzll(taken)];

		state = schedule_mix(state, slot->word ^ (uint64_t)slot->call.tid << 48);
		state = schedule_mix(state, (uintptr_t)slot->mark);
		state = schedule_mix(state, slot->call.args[0] << 1 | slot->leaving);
	}
	for (unsigned i = 0; i < CALLS_MAX; i++)
		state = schedule_mix(state, calls[i].made | calls[i].asked << 1 |
						    (uint64_t)calls[i].recorded << 2);
	return state;
}

static bool lock_is_held(void)
{
	return lock_owner(lock->state) != 0;
}

static const struct scenario scenarios[] = {
	{ "two threads, a call each", { 1, 1 }, NO_HANDLER, false, false, 0 },
	{ "a handler on top of a call", { 2, 0 }, HANDLER_RETURNS, false, false, 0 },
	{ "a handler that jumps out of a call", { 2, 0 }, HANDLER_JUMPS, false, false, 0 },
	{ "two threads, two calls and one", { 2, 1 }, NO_HANDLER, false, false, 3 },
	{ "two threads and a handler", { 1, 1 }, HANDLER_RETURNS, false, false, 2 },
	{ "two threads and a handler that jumps", { 2, 1 }, HANDLER_JUMPS, false, false, 2 },
	{ "two threads, of which one dies", { 1, 1 }, NO_HANDLER, true, false, 3 },
	{ "a lock that is taken from a call", { 1, 1 }, NO_HANDLER, false, true, 3 },
	{ "... and a jump out of that call", { 1, 1 }, HANDLER_JUMPS, false, true, 1 },
};

int main(void)
{
	static const struct schedule_test test = { reset, call, handler, end, hash, lock_is_held };
	unsigned n_wrong = 0;

	static volatile uint32_t fork_mark = 1;

	shim.fork_mark = &fork_mark;
	setvbuf(stdout, NULL, _IOLBF, 0);

	for (unsigned i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		struct schedule_count count;
		const char *wrong = schedule_run(&test, &scenarios[i], &count);

		printf("%-40s %s: %" PRIu64 " schedules, %" PRIu64 " states, %" PRIu64 " steps\n",
		       scenarios[i].name, wrong == NULL ? "fine" : "WRONG", count.schedules,
		       count.states, count.steps);
		n_wrong += wrong != NULL;
	}
	return n_wrong > 0;
}
