/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/futex.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include "schedule.h"

#define STACK_SIZE   (256u << 10)
#define STEPS_MAX    2000
#define STATES_LOG   24
#define SIGNAL_FRAME 2048 /* what a kernel would put between a handler and whom it interrupts */

enum status { READY, ASLEEP, DONE, DIED };

/*
 * @history: of all that its steps have brought
 * @pauses:  it waits in a loop, until something is written
 */
struct thread_model {
	jmp_buf here, round;
	enum status status;
	bool in_call, pauses, timed_out;
	uint64_t history, paused_at;
	unsigned blocked;
	const char *next; /* step */
	uint32_t *asleep_on;
};

enum choice { RUN, SIGNAL = RUN + THREADS, TIMEOUT, DIE = TIMEOUT + THREADS, N_CHOICES };

struct decision {
	uint8_t n, chosen;
	uint8_t choices[N_CHOICES];
};

static struct thread_model threads[THREADS];
static char *stacks[THREADS];
static ucontext_t scheduler_context;
static jmp_buf scheduler;
static const struct schedule_test *test;
static const struct scenario *scenario;
static unsigned running, n_switches;
static bool scheduling, signal_comes, signal_came, death_came, at_end;
static uint64_t version;
static const char *wrong;
static struct decision path[STEPS_MAX];
static const char *steps[STEPS_MAX];
static unsigned n_path;
static uint64_t *states;
static uint64_t n_states;

/* ------------------------------------------------------------------- states */

uint64_t schedule_mix(uint64_t hash, uint64_t value)
{
	hash ^= value + 0x9e3779b97f4a7c15ULL + (hash << 12) + (hash >> 4);
	hash *= 0xff51afd7ed558ccdULL;
	return hash ^ hash >> 33;
}

/* Adds it. Two states with one hash would hide one of them: 64 bits for some 100,000. */
static bool was_met(uint64_t state)
{
	uint64_t at = state >> (64 - STATES_LOG);

	state |= 1;
	while (states[at] != 0 && states[at] != state)
		at = (at + 1) % (1u << STATES_LOG);
	if (states[at] == state)
		return true;
	states[at] = state;
	n_states++;
	return false;
}

static uint64_t state_now(void)
{
	uint64_t hash = test->hash(1);

	for (unsigned i = 0; i < THREADS; i++) {
		const struct thread_model *thread = &threads[i];

		hash = schedule_mix(hash, thread->history);
		hash = schedule_mix(hash, (uint64_t)thread->status << 8 |
						  (uint64_t)thread->timed_out << 2 |
						  (uint64_t)thread->in_call << 1 |
						  (thread->pauses && thread->paused_at == version));
		hash = schedule_mix(hash, (uintptr_t)thread->asleep_on);
	}
	if (scenario->switches > 0)
		hash = schedule_mix(hash, (uint64_t)n_switches << 1 | running);
	return schedule_mix(hash, (uint64_t)signal_came << 1 | death_came);
}

/* ------------------------------------------------------------------ threads */

static void to_scheduler(void)
{
	if (_setjmp(threads[running].here) == 0)
		_longjmp(scheduler, 1);
}

static __attribute__((noinline)) void deliver(void)
{
	volatile char frame[SIGNAL_FRAME];

	frame[0] = frame[SIGNAL_FRAME - 1] = 0;
	signal_comes = false;
	schedule_saw(77);
	test->handler();
	if (scenario->handler == HANDLER_JUMPS) {
		threads[running].blocked = 0;
		_longjmp(threads[running].round, 1);
	}
	frame[0] = 1;
}

void schedule_step(enum step_kind kind, const char *what)
{
	struct thread_model *thread = &threads[running];

	if (!scheduling || at_end)
		return;
	if (kind == STEP_READS && thread->pauses && thread->paused_at == version)
		return;
	thread->next = what;
	thread->history = schedule_mix(thread->history, (uintptr_t)what);
	to_scheduler();
	while (signal_comes)
		deliver();
	if (kind == STEP_WRITES) {
		thread->pauses = false;
		version++;
	}
}

void schedule_saw(uint64_t value)
{
	if (scheduling)
		threads[running].history = schedule_mix(threads[running].history, value);
}

/* In a loop that only reads nothing changes until somebody else writes: it need not be run. */
void schedule_pause(void)
{
	threads[running].pauses = true;
	threads[running].paused_at = version;
}

void schedule_block_signals(bool block)
{
	threads[running].blocked += block ? 1u : -1u;
}

/* Whoever jumps or dies between taking down the flag and waking leaves that to the timeout. */
static bool may_time_out(void)
{
	return test->may_time_out() || death_came ||
	       (signal_came && scenario->handler == HANDLER_JUMPS);
}

static long sleep_on(uint32_t *word, uint32_t value)
{
	struct thread_model *thread = &threads[running];

	if (*word != value)
		return -EAGAIN;
	if (!scheduling || at_end || (thread->timed_out && may_time_out()))
		return -ETIMEDOUT;
	thread->status = ASLEEP;
	thread->asleep_on = word;
	thread->next = "sleep";
	to_scheduler();
	thread->asleep_on = NULL;
	if (!signal_comes)
		return 0;
	deliver();
	return -EINTR;
}

long schedule_futex(uint32_t *word, int op, uint32_t value)
{
	long result = 0;

	schedule_step(STEP_WRITES, op == FUTEX_WAIT_PRIVATE ? "futex wait" : "futex wake");
	if (op == FUTEX_WAIT_PRIVATE) {
		result = sleep_on(word, value);
	} else {
		for (unsigned i = 0; i < THREADS && result < (long)value; i++)
			if (threads[i].status == ASLEEP && threads[i].asleep_on == word) {
				threads[i].status = READY;
				result++;
			}
	}
	schedule_saw((uint64_t)result);
	return result;
}

unsigned schedule_thread(void)
{
	return running;
}

bool schedule_has_died(unsigned thread)
{
	bool died = threads[thread].status == DIED;

	schedule_saw(died);
	return died;
}

void schedule_fail(const char *what)
{
	if (wrong == NULL)
		wrong = what;
	if (scheduling)
		_longjmp(scheduler, 1);
}

static void be_a_thread(void)
{
	struct thread_model *thread = &threads[running];
	static volatile unsigned done[THREADS];

	to_scheduler();
	for (done[running] = 0; done[running] < scenario->calls[running]; done[running]++) {
		if (_setjmp(thread->round) != 0)
			continue;
		thread->in_call = true;
		test->call(running);
		thread->in_call = false;
	}
	thread->in_call = false;
	thread->status = DONE;
	to_scheduler();
	at_end = true; /* thread 0 alone is called once more */
	test->end();
	_longjmp(scheduler, 1);
}

static void start(unsigned i)
{
	ucontext_t context;

	running = i;
	getcontext(&context);
	context.uc_stack.ss_sp = stacks[i];
	context.uc_stack.ss_size = STACK_SIZE;
	makecontext(&context, be_a_thread, 0);
	if (_setjmp(scheduler) == 0)
		swapcontext(&scheduler_context, &context);
}

/* ---------------------------------------------------------------- schedules */

/* May @i go on, where that is a switch? */
static bool may_run(unsigned i)
{
	return threads[i].status == READY &&
	       (i == running || threads[running].status != READY || scenario->switches == 0 ||
		n_switches < scenario->switches);
}

static unsigned list_choices(uint8_t choices[N_CHOICES])
{
	unsigned n = 0;

	for (unsigned i = 0; i < THREADS; i++)
		if (may_run(i))
			choices[n++] = (uint8_t)(RUN + i);
	if (scenario->handler != NO_HANDLER && !signal_came && threads[0].in_call &&
	    threads[0].blocked == 0 && threads[0].status <= ASLEEP)
		choices[n++] = SIGNAL;
	for (unsigned i = 0; i < THREADS; i++)
		if (threads[i].status == ASLEEP && may_time_out())
			choices[n++] = (uint8_t)(TIMEOUT + i);
	if (scenario->dies && !death_came && threads[1].in_call && threads[1].status <= ASLEEP)
		choices[n++] = DIE;
	return n;
}

static void go_on(unsigned i)
{
	n_switches += i != running && threads[running].status == READY;
	running = i;
	threads[i].status = READY;
	if (_setjmp(scheduler) == 0)
		_longjmp(threads[i].here, 1);
}

static void choose(enum choice choice)
{
	if (choice == DIE) {
		death_came = true;
		version++;
		threads[1].status = DIED;
	} else if (choice >= TIMEOUT) {
		threads[choice - TIMEOUT].timed_out = true;
		go_on(choice - TIMEOUT);
	} else if (choice == SIGNAL) {
		signal_came = signal_comes = true;
		go_on(0);
	} else {
		go_on(choice - RUN);
	}
}

static void print_schedule(unsigned depth)
{
	for (unsigned i = 0; i < depth; i++) {
		enum choice choice = path[i].choices[path[i].chosen];

		if (choice == SIGNAL)
			printf("    thread 0: SIGNAL before %s\n", steps[i]);
		else if (choice == DIE)
			printf("    thread 1: DIES before %s\n", steps[i]);
		else if (choice >= TIMEOUT)
			printf("    thread %d: times out\n", choice - TIMEOUT);
		else
			printf("    thread %d: %s\n", choice - RUN, steps[i]);
	}
}

static void begin(void)
{
	memset(threads, 0, sizeof(threads));
	signal_comes = signal_came = death_came = at_end = false;
	version = 1;
	n_switches = 0;
	test->reset(scenario);
	scheduling = true;
	for (unsigned i = 0; i < THREADS; i++)
		start(i);
	running = 0;
}

static const char *next_step(enum choice choice)
{
	unsigned i = choice == SIGNAL ? 0 : choice == DIE ? 1 : choice - RUN;
	const char *next = i < THREADS ? threads[i].next : NULL;

	return next != NULL ? next : "its first step";
}

/* One schedule to its end, or to a state that was met. */
static void run_one(struct schedule_count *count)
{
	unsigned depth = 0;

	begin();
	for (; wrong == NULL; depth++) {
		struct decision *decision = &path[depth];

		if (depth == STEPS_MAX) {
			wrong = "it goes on and on";
			break;
		}
		if (depth >= n_path) {
			decision->n = (uint8_t)list_choices(decision->choices);
			decision->chosen = 0;
			if (decision->n == 0 || was_met(state_now()))
				break;
			n_path = depth + 1;
		}
		steps[depth] = next_step(decision->choices[decision->chosen]);
		choose(decision->choices[decision->chosen]);
		count->steps++;
	}
	if (wrong == NULL && depth < STEPS_MAX && path[depth].n == 0) {
		for (unsigned i = 0; i < THREADS; i++)
			if (threads[i].status == ASLEEP)
				wrong = "the lock is free, and a sleeper was not woken";
		if (wrong == NULL)
			go_on(0);
	}
	scheduling = false;
	if (wrong != NULL) {
		printf("  %s:\n", wrong);
		print_schedule(depth);
	}
}

static bool step_back(void)
{
	while (n_path > 0 && path[n_path - 1].chosen + 1 >= path[n_path - 1].n)
		n_path--;
	if (n_path == 0)
		return false;
	path[n_path - 1].chosen++;
	return true;
}

static void *map(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	return at;
}

const char *schedule_run(const struct schedule_test *a_test, const struct scenario *a_scenario,
			 struct schedule_count *count)
{
	test = a_test;
	scenario = a_scenario;
	*count = (struct schedule_count){ 0 };
	wrong = NULL;
	n_path = 0;
	n_states = 0;
	states = map(sizeof(*states) << STATES_LOG);
	for (unsigned i = 0; i < THREADS && stacks[i] == NULL; i++) {
		stacks[i] = (char *)map(STACK_SIZE + 8192) + 4096;
		mprotect(stacks[i] - 4096, 4096, PROT_NONE);
		mprotect(stacks[i] + STACK_SIZE, 4096, PROT_NONE);
	}
	do {
		run_one(count);
		count->schedules++;
	} while (wrong == NULL && step_back());
	count->states = n_states;
	munmap(states, sizeof(*states) << STATES_LOG);
	return wrong;
}
