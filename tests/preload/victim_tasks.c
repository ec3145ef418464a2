/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Makes threads and processes that end in the middle of a call, share memory without being
 * threads, lose their leader, take away the stack they stand on, or switch stacks.
 */

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include "victim.h"

#define ROUNDS 60
#define STACK  (64UL << 10)

static atomic_bool stop;

static char *map(size_t len, int more_flags)
{
	char *p = mmap(NULL, len, RW, ANON | more_flags, -1, 0);

	if (p == MAP_FAILED)
		fail("mmap");
	return p;
}

static void *churn(void *unused)
{
	while (!stop)
		change_the_map();
	return unused;
}

static void reap(pid_t child, int wanted, const char *what)
{
	int status = -1;

	if (child < 0 || waitpid(child, &status, __WALL) != child || status != wanted) {
		dprintf(2, "%s: status %#x\n", what, status);
		fail(what);
	}
}

/* ------------------------------------------------------- killed in the middle of it */

static volatile pid_t victim_pid;
static uint64_t random_state;

static void *killer(void *unused)
{
	while (victim_pid == 0 && !stop)
		;
	pause_for(next_random(&random_state) % 300);
	if (victim_pid != 0)
		kill(victim_pid, SIGKILL);
	return unused;
}

/* Its parent goes on where the child, on the same stack and memory, has stopped. */
static void vfork_child_killed(void)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		pthread_t thread;
		pid_t child;

		victim_pid = 0;
		if (pthread_create(&thread, NULL, killer, NULL) != 0)
			fail("pthread_create");
		child = vfork();
		if (child == 0) {
			victim_pid = (pid_t)syscall(SYS_getpid);
			for (;;)
				change_the_map();
		}
		pthread_join(thread, NULL);
		reap(child, SIGKILL, "a vfork child that was killed");
		must_agree("after a vfork child was killed in a call");
	}
}

/* Whose calls are whose: vfork_tids.py reads it in the ledger. */
static void vfork_calls(void)
{
	for (volatile unsigned i = 0; i < 3; i++) {
		pid_t child = vfork();

		if (child == 0) {
			mmap(NULL, 77 * PAGE, PROT_READ, ANON, -1, 0);
			_exit(0);
		}
		mmap(NULL, 78 * PAGE, PROT_READ, ANON, -1, 0);
		reap(child, 0, "a vfork child");
		printf("%d %d\n", getpid(), child);
	}
	fflush(stdout);
}

/* In a call that takes long: its ledger ends with a call in flight. */
static void fork_child_killed(void)
{
	for (unsigned i = 0; i < 4; i++) {
		pid_t child = fork();

		if (child == 0) {
			change_the_map();
			for (;;)
				munmap(map(256UL << 20, MAP_POPULATE), 256UL << 20);
		}
		pause_for(20000 + next_random(&random_state) % 20000);
		kill(child, SIGKILL);
		reap(child, SIGKILL, "a fork child that was killed");
		must_agree("after a fork child was killed in a call");
	}
}

/* ------------------------------------------------------ memory shared without threads */

static int beside(void *unused)
{
	(void)unused;
	for (unsigned i = 0; i < 300; i++)
		change_the_map();
	return 0;
}

/* Both run on one thread's storage at the same time. */
static void shared_memory(void)
{
	for (unsigned i = 0; i < 10; i++) {
		char *stack = map(STACK, 0);
		pid_t child = clone(beside, stack + STACK, CLONE_VM | SIGCHLD, NULL);

		for (unsigned n = 0; n < 300; n++)
			change_the_map();
		reap(child, 0, "a child of clone(CLONE_VM)");
		must_agree("after a child shared the memory");
		munmap(stack, STACK);
	}
}

static void clone3_fork(void)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	pid_t child = (pid_t)syscall(SYS_clone3, &args, sizeof(args));

	if (child < 0)
		return;
	if (child == 0) {
		change_the_map();
		must_agree("in a child of clone3");
		_exit(0);
	}
	reap(child, 0, "a child of clone3");
}

/* -------------------------------------------------------------------- many forks */

static void *forker(void *unused)
{
	for (unsigned i = 0; i < 8; i++) {
		pid_t child = fork();

		if (child == 0) {
			change_the_map();
			must_agree("in a child of one of several threads that fork");
			_exit(0);
		}
		reap(child, 0, "a child of one of several threads");
	}
	return unused;
}

static void *executer(void *unused)
{
	execl("/bin/true", "true", NULL);
	return unused;
}

static void forks_from_threads(void)
{
	pthread_t threads[3];
	pid_t child;

	for (unsigned i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, forker, NULL);
	for (unsigned i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	must_agree("after threads forked");
	child = fork();
	if (child == 0) {
		pthread_create(&threads[0], NULL, churn, NULL);
		pthread_create(&threads[1], NULL, executer, NULL);
		churn(NULL);
	}
	reap(child, 0, "a child whose thread executes a program");
}

/* ------------------------------------------------------------------ the leader goes */

static void *after_leader(void *unused)
{
	pause_for(20000);
	change_the_map();
	change_the_map();
	must_agree("after the leader thread has gone");
	exit(unused == NULL ? 0 : 1);
}

static void leader_exits(void)
{
	pid_t child = fork();

	if (child == 0) {
		pthread_t thread;

		pthread_create(&thread, NULL, after_leader, NULL);
		pthread_exit(NULL);
	}
	reap(child, 0, "a child whose leader thread exits");
}

/* ---------------------------------------------------------------- threads that end */

static void cancellation(void)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, be_cancelled, NULL) != 0)
			fail("pthread_create");
		pause_for(next_random(&random_state) % 300);
		pthread_cancel(thread);
		pthread_join(thread, NULL);
		must_agree("after a thread was cancelled in a call");
	}
}

static atomic_int n_ended;

static void *detached(void *unused)
{
	change_the_map();
	n_ended++;
	return unused;
}

static void detached_threads(void)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	for (int i = 0; i < 100; i++) {
		if (pthread_create(&thread, &attr, detached, NULL) != 0)
			fail("pthread_create");
		if (i % 10 == 9)
			while (n_ended <= i)
				pause_for(100);
	}
	pause_for(10000);
	must_agree("after detached threads");
}

#if defined(__x86_64__)
/* As musl's threads end: nothing may be pushed onto the stack that is no more. */
static int take_own_stack(void *stack)
{
	__asm__ volatile("mov $11, %%eax\n\tsyscall\n\t"
			 "mov $60, %%eax\n\txor %%edi, %%edi\n\tsyscall"
			 :
			 : "D"(stack), "S"(STACK)
			 : "rax", "rcx", "r11", "memory");
	__builtin_unreachable();
}

static void own_stack(void)
{
	static pid_t running;
	const int thread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
			   CLONE_SYSVSEM | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;

	for (unsigned i = 0; i < 20; i++) {
		char *stack = map(STACK, 0);

		if (clone(take_own_stack, stack + STACK, thread, stack, &running, NULL, &running) <
		    0)
			fail("clone");
		while (__atomic_load_n(&running, __ATOMIC_ACQUIRE) != 0)
			pause_for(100);
		must_agree("after a thread took its stack away");
	}
}
#else
static void own_stack(void)
{
}
#endif

/* --------------------------------------------------------------------------- fibres */

static ucontext_t main_context, fibres[3];
static unsigned fibre_now;

static void fibre(void)
{
	for (;;) {
		change_the_map();
		swapcontext(&fibres[fibre_now], &main_context);
	}
}

static void contexts(void)
{
	char *stacks = map(3 * STACK, 0);

	for (unsigned i = 0; i < 3; i++) {
		getcontext(&fibres[i]);
		fibres[i].uc_stack.ss_sp = stacks + i * STACK;
		fibres[i].uc_stack.ss_size = STACK;
		fibres[i].uc_link = &main_context;
		makecontext(&fibres[i], fibre, 0);
	}
	for (unsigned i = 0; i < 90; i++) {
		fibre_now = i % 3;
		swapcontext(&main_context, &fibres[fibre_now]);
		change_the_map();
	}
	must_agree("after fibres");
	munmap(stacks, 3 * STACK);
	must_agree("after the fibres' stacks went");
}

static const struct {
	const char *what;
	void (*run)(void);
} all[] = {
	{ "vfork_child_killed", vfork_child_killed },
	{ "vfork_calls", vfork_calls },
	{ "fork_child_killed", fork_child_killed },
	{ "shared_memory", shared_memory },
	{ "clone3_fork", clone3_fork },
	{ "forks_from_threads", forks_from_threads },
	{ "leader_exits", leader_exits },
	{ "cancellation", cancellation },
	{ "detached_threads", detached_threads },
	{ "own_stack", own_stack },
	{ "contexts", contexts },
};

int main(int argc, char **argv)
{
	random_state = seed();
	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (argc < 2 || strcmp(argv[1], all[i].what) == 0)
			all[i].run();
	must_agree("at the end");
	return 0;
}
