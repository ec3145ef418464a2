/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Makes children in every way: each must know its own map, and the parent its own,
 * while other threads go on changing it.
 */

#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "victim.h"

#define ROUNDS 20

extern char **environ;

static atomic_bool stop;

static void *churn(void *unused)
{
	while (!stop) {
		void *p = mmap(NULL, 3 * PAGE, RW, ANON, -1, 0);

		if (p == MAP_FAILED)
			continue;
		mprotect(p, PAGE, PROT_READ);
		munmap(p, 3 * PAGE);
		free(malloc(150000));
	}
	return unused;
}

static void child_life(void)
{
	void *p = mmap(NULL, 5 * PAGE, RW, ANON, -1, 0);
	pid_t grandchild;

	must_agree("in a child");
	munmap((char *)p + PAGE, PAGE);
	must_agree("in a child that unmapped");
	grandchild = fork();
	if (grandchild == 0) {
		mprotect(p, PAGE, PROT_NONE);
		must_agree("in a grandchild");
		_exit(0);
	}
	waitpid(grandchild, NULL, 0);
	_exit(0);
}

static void reap(pid_t child, const char *what)
{
	int status = -1;

	if (child < 0 || waitpid(child, &status, 0) != child)
		fail(what);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		dprintf(2, "%s: status %#x\n", what, status);
		fail(what);
	}
}

static void by_fork(void)
{
	pid_t child = fork();

	if (child == 0)
		child_life();
	reap(child, "a child of fork");
}

/* Past libc: nobody tells the shim. */
static void by_clone(void)
{
	pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (child == 0)
		child_life();
	reap(child, "a child of a raw clone");
}

/* The child shares our memory: its calls change our map. */
static void by_vfork(void)
{
	static void *volatile p;
	pid_t child = vfork();

	if (child == 0) {
		p = mmap(NULL, 2 * PAGE, RW, ANON, -1, 0);
		_exit(0);
	}
	reap(child, "a child of vfork");
	if (p == NULL) /* qemu-user makes a fork of it */
		return;
	if (p == MAP_FAILED || mprotect(p, PAGE, PROT_READ) != 0)
		fail("what a vfork child mapped is ours");
}

static void by_spawn(void)
{
	char *const argv[] = { (char *)"true", NULL };
	pid_t child;

	if (posix_spawn(&child, "/bin/true", NULL, NULL, argv, environ) != 0)
		fail("posix_spawn");
	reap(child, "a spawned child");
}

static void by_every_road(const char *when)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		by_fork();
		by_clone();
		by_vfork();
		by_spawn();
	}
	must_agree(when);
}

static void not_inherited(void)
{
	char *p = mmap(NULL, 3 * PAGE, RW, ANON, -1, 0);
	pid_t child;

	madvise(p + PAGE, PAGE, MADV_DONTFORK);
	child = fork();
	if (child == 0)
		child_life();
	reap(child, "a child with a hole");
}

int main(int argc, char **argv)
{
	pthread_t thread;

	by_every_road("after forking with one thread");
	not_inherited();
	if (are_symbols_enough(argc, argv))
		return 0;
	if (pthread_create(&thread, NULL, churn, NULL) != 0)
		fail("pthread_create");
	for (unsigned i = 0; i < ROUNDS; i++) {
		by_fork();
		by_clone();
		by_spawn();
	}
	stop = true;
	pthread_join(thread, NULL);
	must_agree("after forking with two threads");
	return 0;
}
