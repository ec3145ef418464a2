/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Dies of a fault, or survives one, in the way that MODE says. What is printed, and how
 * the program ends, must be the same with and without the shim: faults.py compares.
 *
 *     victim_faults MODE
 */

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "victim.h"

static char *page;
static sigjmp_buf back;
static struct sigaction before;

static void say(const char *what, unsigned long value)
{
	dprintf(1, "%s %lx\n", what, value);
}

static char *pages(int n, int prot)
{
	char *at = mmap(NULL, (size_t)n * PAGE, prot, ANON, -1, 0);

	if (at == MAP_FAILED)
		fail("mmap");
	return at;
}

static void touch(char *at)
{
	*(volatile char *)at = 1;
}

/* ------------------------------------------------------------------- dying */

static void die_null(void)
{
	touch(NULL);
}

static void die_readonly(void)
{
	page = pages(4, RW);
	mprotect(page, PAGE + 1, PROT_READ);
	touch(page + PAGE);
}

static void die_read_none(void)
{
	page = pages(1, PROT_NONE);
	(void)*(volatile char *)page;
}

static void die_unmapped(void)
{
	page = pages(4, RW);
	munmap(page + PAGE, PAGE);
	touch(page + PAGE + 8);
}

static void die_execute_data(void)
{
	page = pages(1, RW);
	((void (*)(void))(uintptr_t)page)();
}

static void die_bus(void)
{
	int fd = memfd_create("short", 0);

	if (fd < 0 || ftruncate(fd, PAGE) < 0)
		skip("memfd_create");
	page = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0);
	touch(page + PAGE);
}

static void die_noncanonical(void)
{
	touch((char *)0x8000000000001000UL);
}

__attribute__((noinline)) static int deeper(volatile char *above)
{
	volatile char frame[1024];

	frame[0] = *above;
	return deeper(frame) + frame[1];
}

static void die_overflow(void)
{
	volatile char first = 0;

	say("no", (unsigned long)deeper(&first) & 0);
}

/* It also gets the thread a stack to die on, where libc's own beginning did not. */
static void call(void)
{
	munmap(pages(1, RW), PAGE);
}

static void *overflow_after_call(void *unused)
{
	call();
	die_overflow();
	return unused;
}

static void *overflow_at_once(void *unused)
{
	die_overflow();
	return unused;
}

static void die_in_thread(void *(*start)(void *))
{
	pthread_t thread;

	pthread_create(&thread, NULL, start, NULL);
	pthread_join(thread, NULL);
}

static void die_overflow_thread(void)
{
	die_in_thread(overflow_after_call);
}

static void die_overflow_new_thread(void)
{
	die_in_thread(overflow_at_once);
}

static void *null_thread(void *unused)
{
	prctl(PR_SET_NAME, "unlucky");
	die_null();
	return unused;
}

static void die_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, null_thread, NULL);
	pthread_join(thread, NULL);
}

static void die_raise(void)
{
	raise(SIGSEGV);
}

static void die_kill(void)
{
	kill(getpid(), SIGBUS);
	for (;;)
		pause();
}

static void *kill_thread(void *unused)
{
	kill(getpid(), SIGSEGV);
	for (;;)
		pause();
	return unused;
}

/* The leader blocks the signal, so another thread must take it. */
static void die_kill_thread(void)
{
	pthread_t thread;
	sigset_t set;

	pthread_create(&thread, NULL, kill_thread, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGSEGV);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	pthread_join(thread, NULL);
}

static void die_blocked(void)
{
	sigset_t set;

	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	die_null();
}

static void die_ignored(void)
{
	signal(SIGSEGV, SIG_IGN);
	die_null();
}

/* On a stack for signals that is as small as they may be. */
static void die_small_stack(void)
{
	size_t size = (size_t)sysconf(_SC_MINSIGSTKSZ) + 1024;
	stack_t stack = { .ss_sp = malloc(size), .ss_size = size };

	sigaltstack(&stack, NULL);
	die_readonly();
}

/* ---------------------------------------------------------- handlers of its own */

static void report(int number, siginfo_t *info, void *context)
{
	(void)context;
	say("signal", (unsigned long)number);
	say("code", (unsigned long)info->si_code);
	say("in page", (uintptr_t)info->si_addr - (uintptr_t)page);
	_exit(7);
}

static void catch (void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags };

	if (sigaction(SIGSEGV, &action, &before) < 0)
		fail("sigaction");
}

static void live_handler(void)
{
	catch (report, 0);
	die_readonly();
}

static void mend(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	mprotect((void *)((uintptr_t)info->si_addr & ~(PAGE - 1)), PAGE, RW);
}

static void live_mend(void)
{
	catch (mend, SA_ONSTACK);
	page = pages(64, PROT_READ);
	for (int i = 0; i < 64; i++)
		touch(page + i * PAGE);
	say("mended", 64);
	exit(0);
}

static void jump(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	(void)context;
	siglongjmp(back, 1);
}

static void live_jump(void)
{
	volatile int n = 0;

	catch (jump, SA_NODEFER);
	while (n < 500) {
		n++;
		if (sigsetjmp(back, 1) == 0)
			die_null();
	}
	say("jumped", (unsigned long)n);
	exit(0);
}

/* Puts back what it found, and lets it happen: what faulthandler of Python does. */
static void put_back(int number, siginfo_t *info, void *context)
{
	(void)info;
	(void)context;
	say("put back", (unsigned long)number);
	sigaction(number, &before, NULL);
}

static void die_put_back(void)
{
	catch (put_back, SA_NODEFER);
	die_readonly();
}

static void die_reset(void)
{
	catch (report, 0);
	signal(SIGSEGV, SIG_DFL);
	die_readonly();
}

static void die_reset_by_flag(void)
{
	struct sigaction now;

	catch (mend, SA_RESETHAND);
	page = pages(2, PROT_READ);
	touch(page);
	sigaction(SIGSEGV, NULL, &now);
	say("default", now.sa_handler == SIG_DFL);
	touch(page + PAGE);
}

/* ------------------------------------------------------------ what it is told */

static void print_action(const char *when, const struct sigaction *action)
{
	dprintf(1, "%s: handler %d flags %x mask %d\n", when,
		action->sa_handler == SIG_DFL	? 0
		: action->sa_handler == SIG_IGN ? 1
						: 2,
		(unsigned)action->sa_flags & ~0x04000000u, sigismember(&action->sa_mask, SIGINT));
}

static void live_ask(void)
{
	struct sigaction action = { .sa_handler = SIG_DFL, .sa_flags = SA_RESTART };
	struct sigaction old;
	const struct sigaction *volatile same = &before;

	sigaction(SIGSEGV, NULL, &old);
	print_action("first", &old);
	sigaddset(&action.sa_mask, SIGINT);
	sigaction(SIGSEGV, &action, &old);
	print_action("before", &old);
	sigaction(SIGSEGV, NULL, &old);
	print_action("after", &old);
	action.sa_handler = SIG_IGN;
	sigaction(SIGSEGV, &action, &old);
	print_action("default", &old);
	sigaction(SIGSEGV, &before, &action);
	print_action("ignored", &action);
	say("signal()", (unsigned long)signal(SIGBUS, SIG_DFL));
	say("one struct", (unsigned long)sigaction(SIGBUS, same, &before));
	print_action("one struct", &before);
	say("bad", (unsigned long)sigaction(SIGKILL, &action, NULL) & 1);
	exit(0);
}

static void print_stack(const char *when)
{
	stack_t stack;

	sigaltstack(NULL, &stack);
	dprintf(1, "%s: stack %d size %zx flags %x\n", when, stack.ss_sp != NULL, stack.ss_size,
		(unsigned)stack.ss_flags);
}

static void in_handler(int number)
{
	char here;

	print_stack("in handler");
	say("on the thread's stack", labs(&here - (char *)&number) < 100000);
}

static void *ask_in_thread(void *unused)
{
	call();
	print_stack("thread");
	return unused;
}

static pthread_barrier_t barrier;

static void *handle_in_thread(void *unused)
{
	call();
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	call();
	raise(SIGUSR1);
	return unused;
}

/* A thread that was given a stack gives it back once somebody handles signals on such. */
static void live_other_stack(void)
{
	struct sigaction action = { .sa_handler = in_handler, .sa_flags = SA_ONSTACK };
	pthread_t thread;

	pthread_barrier_init(&barrier, NULL, 2);
	pthread_create(&thread, NULL, handle_in_thread, NULL);
	pthread_barrier_wait(&barrier);
	sigaction(SIGUSR1, &action, NULL);
	pthread_barrier_wait(&barrier);
	pthread_join(thread, NULL);
	exit(0);
}

static void live_ask_stack(void)
{
	static char own[65536];
	stack_t stack = { .ss_sp = own, .ss_size = sizeof(own) };
	struct sigaction action = { .sa_handler = in_handler, .sa_flags = SA_ONSTACK };
	pthread_t thread;

	print_stack("first");
	pthread_create(&thread, NULL, ask_in_thread, NULL);
	pthread_join(thread, NULL);
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	sigaltstack(&stack, NULL);
	print_stack("own");
	raise(SIGUSR1);
	stack.ss_flags = SS_DISABLE;
	sigaltstack(&stack, NULL);
	print_stack("disabled");
	exit(0);
}

/* ----------------------------------------------------------------- processes */

static void live_child(void)
{
	int status;
	pid_t child = fork();

	if (child == 0)
		die_readonly();
	waitpid(child, &status, 0);
	say("child", (unsigned long)status & 0x7f);
	exit(0);
}

/* It crashes before it has made a single call. */
static void live_silent_child(void)
{
	int status;
	pid_t child;

	page = pages(1, PROT_READ);
	child = fork();
	if (child == 0)
		touch(page);
	waitpid(child, &status, 0);
	say("child", (unsigned long)status & 0x7f);
	exit(0);
}

static void live_vfork_child(void)
{
	int status;
	pid_t child = vfork();

	if (child == 0) {
		touch(NULL);
		_exit(1);
	}
	waitpid(child, &status, 0);
	say("child", (unsigned long)status & 0x7f);
	exit(0);
}

static void live_spawn(void)
{
	say("system", (unsigned long)system("kill -SEGV $$; exit 3"));
	exit(0);
}

/* Allows what it takes to die, but no return from a handler. */
static void die_confined(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog filter = { sizeof(code) / sizeof(code[0]), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) < 0)
		skip("seccomp");
	die_null();
}

/* ---------------------------------------------------------------------- main */

static const struct {
	const char *name;
	void (*run)(void);
} modes[] = {
	{ "null", die_null },
	{ "readonly", die_readonly },
	{ "read_none", die_read_none },
	{ "unmapped", die_unmapped },
	{ "execute_data", die_execute_data },
	{ "bus", die_bus },
	{ "noncanonical", die_noncanonical },
	{ "overflow", die_overflow },
	{ "overflow_thread", die_overflow_thread },
	{ "overflow_new_thread", die_overflow_new_thread },
	{ "thread", die_thread },
	{ "raise", die_raise },
	{ "kill", die_kill },
	{ "kill_thread", die_kill_thread },
	{ "blocked", die_blocked },
	{ "ignored", die_ignored },
	{ "small_stack", die_small_stack },
	{ "handler", live_handler },
	{ "mend", live_mend },
	{ "jump", live_jump },
	{ "put_back", die_put_back },
	{ "reset", die_reset },
	{ "reset_by_flag", die_reset_by_flag },
	{ "ask", live_ask },
	{ "ask_stack", live_ask_stack },
	{ "other_stack", live_other_stack },
	{ "child", live_child },
	{ "silent_child", live_silent_child },
	{ "vfork_child", live_vfork_child },
	{ "spawn", live_spawn },
	{ "confined", die_confined },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 2 && i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(argv[1], modes[i].name) == 0)
			modes[i].run();
	dprintf(2, "victim_faults: no such mode, or it went on\n");
	return 2;
}
