/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_INTERLEAVINGS_SCHEDULE_H
#define TESTS_INTERLEAVINGS_SCHEDULE_H

/*
 * schedule - runs two threads and a signal handler in every order there is
 *
 * The threads are coroutines, each on a stack of its own. Each atomic operation of the code
 * under test is a step: before it, the scheduler decides who goes on. All decisions are
 * tried, depth first: a schedule is run from the start up to the last decision that
 * has another way, and takes that. A schedule is given up when it comes to a state that
 * was met before: what is shared is the same, and each thread has seen the same results of
 * the same steps, so that it is at the same place and will do the same. Where even so there
 * are too many, a scenario bounds how often a thread that could go on is interrupted.
 *
 * A handler runs on the stack of the thread that it interrupts, as a kernel would start it,
 * and returns or jumps out. A futex sleeps until it is woken; its timeout passes only
 * while the lock is held, so a sleeper that is not woken shows as a state in which nobody
 * can go on. A thread whose timeout has passed once sleeps no more while the lock is held.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define THREADS 2

/* What may happen besides the threads' own steps; each of them once. */
struct scenario {
	const char *name;
	unsigned calls[THREADS];				     /* how many calls each makes */
	enum { NO_HANDLER, HANDLER_RETURNS, HANDLER_JUMPS } handler; /* on thread 0 */
	bool dies;	   /* thread 1 may end at any step */
	bool impatient;	   /* waited for in vain for so long that the next waiter takes the lock */
	unsigned switches; /* at most so many away from a thread that could go on; 0: any number */
};

struct schedule_count {
	uint64_t schedules, states, steps;
};

/*
 * What is being tested: reset to a start; let a thread go on, and stop; run a thread's calls; what
 * the handler does; and when all have ended, what must be true, asked from thread 0.
 */
struct schedule_test {
	void (*reset)(const struct scenario *scenario);
	void (*call)(unsigned thread);
	void (*handler)(void);
	void (*end)(void);
	/* Mixes what the threads share into a state; may its timeouts pass? */
	uint64_t (*hash)(uint64_t hash);
	bool (*may_time_out)(void);
};

/* Return: NULL, or the first thing that was found wrong; the schedule is printed. */
const char *schedule_run(const struct schedule_test *test, const struct scenario *scenario,
			 struct schedule_count *count);

/* --------------------------------------------------- called by the code under test */

/* Whose turn it is; the first thread at the end. */
unsigned schedule_thread(void);
bool schedule_has_died(unsigned thread);
/* Ends the schedule: something is wrong. */
void schedule_fail(const char *what);
uint64_t schedule_mix(uint64_t hash, uint64_t value);

enum step_kind { STEP_READS, STEP_WRITES };

void schedule_step(enum step_kind kind, const char *what);
/* What the step has brought: of this the rest of the thread depends. */
void schedule_saw(uint64_t value);
void schedule_pause(void);
void schedule_block_signals(bool block);
long schedule_futex(uint32_t *word, int op, uint32_t value);

#endif
