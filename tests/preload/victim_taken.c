/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Stops a thread that has the recorder's lock, while another thread wants the lock. The child
 * is the two threads; the parent traces the first.
 *
 * usage: victim_taken        right before its system call. The other thread waits in vain until
 *                            it takes the lock away. Then the call is made, and on the way back
 *                            from it a signal handler jumps away, so that nobody tells what
 *                            became of the call.
 *        victim_taken exit   behind its system call, which is not recorded yet. The other thread
 *                            makes calls without the lock, and ends the process, for which it
 *                            needs the lock: that has to wait.
 */

#include <setjmp.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include "victim.h"

#define STEPS_MAX  200000
#define VAIN_CALLS 400 /* more than it takes to lose patience */
#ifndef BEHIND
#define BEHIND 100 /* instructions: the call has returned, and the lock is not free yet */
#endif

static struct shared {
	atomic_bool is_held, was_taken;
} * shared;

static sigjmp_buf away;

static void jump(int number)
{
	siglongjmp(away, number);
}

static void *take(void *unused)
{
	while (!shared->is_held)
		pause_for(1000);
	for (unsigned i = 0; i < VAIN_CALLS; i++)
		change_the_map();
	shared->was_taken = true;
	return unused;
}

static void *leave(void *unused)
{
	while (!shared->is_held)
		pause_for(1000);
	change_the_map();
	shared->was_taken = true;
	_exit(0);
	return unused;
}

static void be_held(void *(*meanwhile)(void *))
{
	pthread_t other;

	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
		skip("nothing can be traced");
	signal(SIGUSR1, jump);
	if (pthread_create(&other, NULL, meanwhile, NULL) != 0)
		fail("pthread_create");
	raise(SIGSTOP);
	if (sigsetjmp(away, 1) == 0)
		mmap(NULL, 3 * PAGE, PROT_READ, ANON, -1, 0);
	pthread_join(other, NULL);
	must_agree("after a jump out of a call whose lock was taken away");
	_exit(0);
}

/* ------------------------------------------------------------------ the parent */

/* Until it stops again; ends with it. */
static void wait_for(pid_t child)
{
	int status = -1;

	if (waitpid(child, &status, 0) != child)
		fail("waitpid");
	if (WIFEXITED(status))
		_exit(WEXITSTATUS(status));
	if (!WIFSTOPPED(status))
		fail("the child died");
}

static void go(pid_t child, int request, int number)
{
	if (ptrace(request, child, NULL, (void *)(long)number) != 0)
		fail("ptrace");
	wait_for(child);
}

static bool is_at_mmap(pid_t child)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, child, NULL, &regs) != 0)
		fail("PTRACE_GETREGS");
	return regs.rax == SYS_mmap &&
	       (ptrace(PTRACE_PEEKTEXT, child, (void *)regs.rip, NULL) & 0xffff) == 0x050f;
}

static void step(pid_t child, unsigned n)
{
	while (n-- > 0)
		go(child, PTRACE_SINGLESTEP, 0);
}

static void hold(pid_t child, unsigned behind)
{
	unsigned n = 0;

	while (!is_at_mmap(child) && n++ < STEPS_MAX)
		step(child, 1);
	if (n > STEPS_MAX)
		fail("no mmap was met");
	step(child, behind);
	shared->is_held = true;
	while (!shared->was_taken)
		pause_for(1000);
}

int main(int argc, char **argv)
{
	bool exits = argc > 1 && strcmp(argv[1], "exit") == 0;
	pid_t child;

	shared = mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	child = fork();
	if (child == 0)
		be_held(exits ? leave : take);
	if (child < 0)
		fail("fork");
	wait_for(child);
	ptrace(PTRACE_SETOPTIONS, child, NULL, (void *)PTRACE_O_EXITKILL);
	hold(child, exits ? BEHIND : 0);
	if (exits)
		pause_for(10000);
	else
		step(child, 1);
	for (int number = exits ? 0 : SIGUSR1;; number = 0)
		go(child, PTRACE_CONT, number);
}
