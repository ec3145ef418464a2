/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Makes system calls from code made at run time, with raw=1: in threads, in
 * children, with signals blocked, beside a SIGSYS handler of the program's own.
 */

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "victim.h"

#if defined(__x86_64__)

typedef long call_fn(long nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
		     uint64_t f);

/* As libc's syscall(), and one that makes a thread: clone, then in it a call of rbx's. */
static const unsigned char call_code[] = {
	0x48, 0x89, 0xf8,	      /* mov %rdi, %rax */
	0x48, 0x89, 0xf7,	      /* mov %rsi, %rdi */
	0x48, 0x89, 0xd6,	      /* mov %rdx, %rsi */
	0x48, 0x89, 0xca,	      /* mov %rcx, %rdx */
	0x4d, 0x89, 0xc2,	      /* mov %r8, %r10 */
	0x4d, 0x89, 0xc8,	      /* mov %r9, %r8 */
	0x4c, 0x8b, 0x4c, 0x24, 0x08, /* mov 8(%rsp), %r9 */
	0x0f, 0x05,		      /* syscall */
	0xc3,			      /* ret */
};
static const unsigned char thread_code[] = {
	0x49, 0x89, 0xf1,	      /* mov %rsi, %r9: what the thread runs */
	0x48, 0x89, 0xd6,	      /* mov %rdx, %rsi: on which stack */
	0xb8, 0x38, 0x00, 0x00, 0x00, /* mov $SYS_clone, %eax */
	0x31, 0xd2,		      /* xor %edx, %edx */
	0x4d, 0x31, 0xd2,	      /* xor %r10, %r10 */
	0x0f, 0x05,		      /* syscall */
	0x48, 0x85, 0xc0,	      /* test %rax, %rax */
	0x74, 0x01,		      /* jz 1f */
	0xc3,			      /* ret */
	0x41, 0xff, 0xe1,	      /* 1: jmp *%r9 */
};

static call_fn *call;
static long (*make_thread)(long flags, void (*run)(void), void *stack);
static char *pages;
static atomic_int done;

static void *put_code(const unsigned char *code, size_t size)
{
	char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, ANON, -1, 0);

	if (p == MAP_FAILED)
		fail("mmap of code");
	return memcpy(p, code, size);
}

static void change(int page, const char *when)
{
	char *p = pages + 4 * page * PAGE;

	for (int i = 0; i < 3; i++) {
		if (call(SYS_mprotect, (uintptr_t)p + PAGE, PAGE, PROT_READ, 0, 0, 0) != 0 ||
		    call(SYS_munmap, (uintptr_t)p, PAGE, 0, 0, 0, 0) != 0)
			fail(when);
		if (call(SYS_getppid, 0, 0, 0, 0, 0, 0) != getppid())
			fail("getppid");
		if (call(SYS_munmap, 1, PAGE, 0, 0, 0, 0) != -EINVAL)
			fail("an error is not passed on");
	}
}

static void *in_thread(void *number)
{
	sigset_t all;

	change((int)(intptr_t)number, "in a thread");
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	change((int)(intptr_t)number + 1, "with all signals blocked");
	return NULL;
}

/* No thread of libc's: it may call nothing that needs its thread pointer. */
static void in_own_thread(void)
{
	call(SYS_mprotect, (uintptr_t)pages + 40 * PAGE, PAGE, PROT_READ, 0, 0, 0);
	done = 1;
	for (;;)
		call(SYS_exit, 0, 0, 0, 0, 0, 0);
}

static void threads(void)
{
	pthread_t thread[4];
	char *stack = mmap(NULL, 16 * PAGE, RW, ANON, -1, 0);

	for (intptr_t i = 0; i < 4; i++)
		pthread_create(&thread[i], NULL, in_thread, (void *)(2 * i + 1));
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	must_agree("after threads");
	if (make_thread(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
				CLONE_SYSVSEM,
			in_own_thread, stack + 16 * PAGE - 64) < 0)
		fail("clone");
	while (!done)
		usleep(1000);
	must_agree("after a thread of the program's own");
}

static void children(void)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		change(12, "in a child");
		must_agree("in a child");
		exit(0);
	}
	if (waitpid(child, &status, 0) != child || status != 0)
		fail("a child of fork");
	child = (pid_t)call(SYS_fork, 0, 0, 0, 0, 0, 0);
	if (child == 0)
		_exit(call(SYS_getpid, 0, 0, 0, 0, 0, 0) == getpid() ? 7 : 1);
	if (waitpid(child, &status, 0) != child || WEXITSTATUS(status) != 7)
		fail("a child that the code made");
	if (system("exit 3") != 3 << 8)
		fail("a child of posix_spawn");
}

static volatile sig_atomic_t n_caught;

static void on_sigsys(int number)
{
	n_caught += number == SIGSYS;
	call(SYS_getpid, 0, 0, 0, 0, 0, 0);
}

static void on_usr1(int number)
{
	(void)number;
	call(SYS_mprotect, (uintptr_t)pages + 50 * PAGE, PAGE, PROT_READ, 0, 0, 0);
}

static void handlers(void)
{
	struct sigaction action = { .sa_handler = on_sigsys }, old;

	if (sigaction(SIGSYS, &action, NULL) != 0 || raise(SIGSYS) != 0 || n_caught != 1)
		fail("the program's SIGSYS");
	if (sigaction(SIGSYS, NULL, &old) != 0 || old.sa_handler != on_sigsys)
		fail("the program's SIGSYS handler is not told");
	action.sa_handler = on_usr1;
	sigfillset(&action.sa_mask);
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	must_agree("after a handler with all signals blocked");
}

/* In a child, because it ends the dispatch. */
static bool has_dispatch(void)
{
	pid_t child = fork();
	int status = 1;

	if (child == 0)
		_exit(prctl(59, 0, 0, 0, 0) == 0 ? 0 : 1);
	return waitpid(child, &status, 0) == child && status == 0;
}

int main(void)
{
	if (!has_dispatch())
		skip("this kernel has no Syscall User Dispatch");
	pages = mmap(NULL, 64 * PAGE, RW, ANON, -1, 0);
	call = (call_fn *)(uintptr_t)put_code(call_code, sizeof(call_code));
	make_thread = (long (*)(long, void (*)(void), void *))(
		uintptr_t)put_code(thread_code, sizeof(thread_code));
	change(0, "in the first thread");
	must_agree("after calls of code made at run time");
	threads();
	children();
	handlers();
	return 0;
}

#else

int main(void)
{
	skip("the raw tier is for x86-64 only");
	return 77;
}

#endif
