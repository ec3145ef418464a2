/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Changes the map in handlers on alternate stacks of the smallest size, with a guard page
 * below, while the program changes the map, too; in several threads, and signals on top of
 * signals.
 */

#include <signal.h>
#include "victim.h"

#define ROUNDS	600
#define THREADS 3

static atomic_uint n_handled;

static void change(char *at, unsigned n)
{
	void *p;

	mprotect(at + PAGE, PAGE, n & 1 ? PROT_READ : RW);
	p = mmap(NULL, 2 * PAGE, RW, ANON, -1, 0);
	if (p != MAP_FAILED)
		munmap(p, 2 * PAGE);
	p = mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p != MAP_FAILED)
		munmap(p, PAGE);
	mprotect(at, 4 * PAGE, RW); /* over a hole */
}

static char *make_area(void)
{
	char *p = mmap(NULL, 4 * PAGE, RW, ANON, -1, 0);

	if (p == MAP_FAILED || munmap(p + 2 * PAGE, PAGE) != 0)
		fail("mmap");
	return p;
}

static __thread char *handlers;

static void handler(int number)
{
	(void)number;
	change(handlers, n_handled++);
}

/* What sigaltstack(2) takes at the least, also where a signal's frame is smaller. */
#define LEAST_STACK 2048

/* The stack ends where a page does, and begins above a guard. */
static void set_small_stack(void)
{
	size_t frame = (size_t)sysconf(_SC_MINSIGSTKSZ);
	size_t size = frame > LEAST_STACK ? frame : LEAST_STACK;
	size_t room = (size + PAGE - 1) & ~(PAGE - 1);
	char *p = mmap(NULL, room + PAGE, RW, ANON, -1, 0);
	stack_t stack = { .ss_sp = p + PAGE + room - size, .ss_size = size };

	if (p == MAP_FAILED || mprotect(p, PAGE, PROT_NONE) != 0)
		fail("mmap");
	if (sigaltstack(&stack, NULL) != 0)
		fail("sigaltstack");
}

static void *run(void *unused)
{
	char *area = make_area();

	handlers = make_area();
	set_small_stack();
	for (unsigned i = 0; i < ROUNDS; i++) {
		change(area, i);
		pthread_kill(pthread_self(), SIGUSR1);
	}
	return unused;
}

int main(void)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_ONSTACK };
	pthread_t threads[THREADS];

	sigaction(SIGUSR1, &action, NULL);
	run(NULL);
	must_agree("after handlers on the smallest stack");
	for (unsigned i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, run, NULL);
	for (unsigned i = 0; i < THREADS * 50; i++) {
		struct timespec time = { .tv_nsec = 200000 };

		pthread_kill(threads[i % THREADS], SIGUSR1);
		nanosleep(&time, NULL);
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	must_agree("after threads with the smallest stacks");
	return 0;
}
