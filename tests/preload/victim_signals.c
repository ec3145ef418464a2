/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Changes the map while a timer's signal interrupts the program at random places, hooks
 * included, and the handler changes the map itself: on the normal stack, on an alternate
 * one, and jumping away for good.
 */

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/time.h>
#include "victim.h"

#define STEPS	  8000
#define DEPTH_MAX 4

static char *mine, *handlers;
static sigjmp_buf back;
static volatile sig_atomic_t jumps, n_handled, depth;

static void change(char *at, unsigned n)
{
	void *p;

	mprotect(at + PAGE, PAGE, n & 1 ? PROT_READ : RW);
	p = mmap(NULL, 2 * PAGE, RW, ANON, -1, 0);
	if (p != MAP_FAILED)
		munmap(p, 2 * PAGE);
}

static void arm(long usec)
{
	struct itimerval timer = { .it_value = { 0, usec } };

	setitimer(ITIMER_REAL, &timer, NULL);
}

/* Armed again at once, so handlers run on top of handlers, but not without end. */
static void handler(int signal_number)
{
	(void)signal_number;
	n_handled++;
	if (++depth < DEPTH_MAX)
		arm(150);
	change(handlers, (unsigned)n_handled);
	if (jumps) {
		depth = 0;
		arm(150);
		siglongjmp(back, 1);
	}
	if (--depth == 0)
		arm(150);
}

static void run(int flags, int with_jumps, const char *what)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };
	volatile unsigned i = 0;

	jumps = 0;
	n_handled = 0;
	sigaction(SIGALRM, &action, NULL);
	sigsetjmp(back, 1);
	jumps = with_jumps;
	arm(150);
	while (i < STEPS) {
		change(mine, i);
		i++;
	}
	jumps = 0;
	signal(SIGALRM, SIG_IGN);
	depth = 0;
	/* A hook that was left half-way is noticed after some more calls at the latest. */
	for (i = 0; i < 100; i++)
		change(mine, i);
	if (n_handled == 0)
		fail("the timer never fired");
	must_agree(what);
}

int main(void)
{
	int active;
	static char alternate[64 << 10];
	stack_t stack = { .ss_sp = alternate, .ss_size = sizeof(alternate) };

	mine = mmap(NULL, 4 * PAGE, RW, ANON, -1, 0);
	handlers = mmap(NULL, 4 * PAGE, RW, ANON, -1, 0);
	if (mine == MAP_FAILED || handlers == MAP_FAILED)
		fail("mmap");
	sigaltstack(&stack, NULL);
	run(SA_RESTART, 0, "after handlers on the normal stack");
	run(SA_RESTART | SA_ONSTACK, 0, "after handlers on the alternate stack");
	run(SA_RESTART | SA_NODEFER, 0, "after handlers on top of handlers");
	active = ml_active();
	run(SA_RESTART, 1, "after handlers that jumped away");
	if (ml_active() != active)
		fail("recording has stopped");
	if (open("/dev/null", O_RDONLY) > 16)
		fail("descriptors were left open");
	return 0;
}
