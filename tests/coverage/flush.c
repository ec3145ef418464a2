/* SPDX-License-Identifier: Apache-2.0 */

/*
 * flush - gcov's counters reach their files when a process ends without exit()
 *
 * libgcov writes from a destructor, and before fork and exec. A child that calls _exit, and a
 * process that dies of a signal, would leave nothing. Linked into what is built with
 * -Db_coverage=true, and into nothing else. SIGKILL can't be helped.
 */

#include <gcov.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What is named with -Wl,--undefined, so that the linker takes this file. */
extern const char coverage_flush;
const char coverage_flush = 1;

/* In place of libc's. */
__attribute__((noreturn, visibility("default"))) void _exit(int status)
{
	__gcov_dump();
	for (;;)
		syscall(SYS_exit_group, status);
}

/* In place of libc's: what a signal is sent to oneself for is mostly to die of it. */
__attribute__((visibility("default"))) int raise(int signal)
{
	__gcov_dump();
	__gcov_reset();
	return (int)syscall(SYS_tgkill, getpid(), (pid_t)syscall(SYS_gettid), signal);
}

/* The disposition is the default one again: the signal kills as it would have. */
static void die(int signal)
{
	raise(signal);
}

static const int fatal[] = {
	SIGHUP,	 SIGINT,  SIGQUIT, SIGILL,  SIGABRT, SIGBUS,  SIGFPE,  SIGSEGV,
	SIGPIPE, SIGALRM, SIGTERM, SIGUSR1, SIGUSR2, SIGXCPU, SIGXFSZ,
};

__attribute__((constructor)) static void catch_fatal(void)
{
	struct sigaction action = { .sa_handler = die, .sa_flags = SA_RESETHAND | SA_NODEFER };
	struct sigaction old;

	for (size_t i = 0; i < sizeof(fatal) / sizeof(*fatal); i++)
		if (sigaction(fatal[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
			sigaction(fatal[i], &action, NULL);
}
