/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Does as Go does at its start: asks the kernel, by an instruction of its own,
 * whether there is one, installs its handlers through libc, and dies when the stack that
 * was there is gone in the handler.
 */

#include <signal.h>
#include <sys/syscall.h>
#include "victim.h"

static volatile long hidden = SYS_sigaltstack;
static volatile sig_atomic_t lost, caught;
static int had_stack;

static int has_stack(void)
{
	stack_t stack = { .ss_flags = SS_DISABLE };
#if defined(__x86_64__)
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(hidden), "D"(0), "S"(&stack)
			 : "rcx", "r11", "memory");
#else
	syscall(hidden, NULL, &stack);
#endif
	return !(stack.ss_flags & SS_DISABLE);
}

static void handler(int number)
{
	(void)number;
	caught = 1;
	lost = had_stack && !has_stack();
}

int main(void)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_ONSTACK };
	char *p = mmap(NULL, PAGE, RW, ANON, -1, 0);

	munmap(p, PAGE);
	had_stack = has_stack();
	if (sigaction(SIGURG, &action, NULL) != 0 || raise(SIGURG) != 0 || !caught)
		fail("sigaction");
	if (lost)
		fail("the stack that was there is gone");
	must_agree("at the end");
	return 0;
}
