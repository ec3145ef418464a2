/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "cli/options/exit_code.h"
#include "cli/text/output.h"
#include "cli/run/run_child.h"

/*
 * Signals that are caught while the program runs. From the terminal they reach
 * the program by themselves, as it is in the same process group; sent by a
 * process to mapledger alone, they are handed on.
 */
static const int caught[] = {
	SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGALRM, SIGTSTP, SIGTTIN, SIGTTOU,
};
#define N_CAUGHT (sizeof(caught) / sizeof(caught[0]))

static volatile pid_t program; /* 0: not yet, or no more */
static struct sigaction caught_before[N_CAUGHT];
static struct sigaction child_before;
static sigset_t mask_before;

static void hand_on(int number, siginfo_t *info, void *context)
{
	int saved = errno;
	/* A terminal that hangs up tells its session's leader alone. */
	bool is_alone = info->si_code <= 0 || (number == SIGHUP && getsid(0) == getpid());

	(void)context;
	if (is_alone && program > 0)
		kill(program, number);
	errno = saved;
}

/* With everything blocked until the child has its own. What is ignored stays so. */
static void catch_signals(void)
{
	struct sigaction action = { .sa_sigaction = hand_on, .sa_flags = SA_SIGINFO | SA_RESTART };
	struct sigaction plain = { .sa_handler = SIG_DFL };
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &mask_before);
	for (size_t i = 0; i < N_CAUGHT; i++) {
		sigaction(caught[i], NULL, &caught_before[i]);
		if (caught_before[i].sa_handler != SIG_IGN)
			sigaction(caught[i], &action, NULL);
	}
	/* Were it ignored, there would be nothing to wait for. */
	sigaction(SIGCHLD, &plain, &child_before);
}

static void restore_signals(void)
{
	for (size_t i = 0; i < N_CAUGHT; i++)
		sigaction(caught[i], &caught_before[i], NULL);
	sigaction(SIGCHLD, &child_before, NULL);
	sigprocmask(SIG_SETMASK, &mask_before, NULL);
}

/* ------------------------------------------------------------------- starting */

static int say_exec_failed(const char *path, int error)
{
	complain("can't execute %s: %s", path, strerror(error));
	return error == ENOENT ? CLI_RUN_NOT_FOUND : CLI_RUN_NOT_EXECUTABLE;
}

/* In the child: becomes the program, or tells the parent its exit code. */
static void become(const struct run_plan *plan, int report)
{
	int code = plan->prepare(plan->context);

	if (code == 0) {
		restore_signals();
		execve(plan->path, plan->argv, environ);
		code = say_exec_failed(plan->path, errno);
	}
	if (write(report, &code, sizeof(code)) != (ssize_t)sizeof(code))
		_exit(CLI_RUN_FAILED);
	_exit(code);
}

/* What the child reports; nothing when it became the program. */
static int read_report(int fd)
{
	int code = 0;
	ssize_t n;

	do
		n = read(fd, &code, sizeof(code));
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(code) ? code : 0;
}

int run_child_start(const struct run_plan *plan, pid_t *pid)
{
	int report[2];
	int code;

	if (pipe2(report, O_CLOEXEC) < 0) {
		complain("can't start anything: %s", strerror(errno));
		return CLI_RUN_FAILED;
	}
	catch_signals();
	*pid = fork();
	if (*pid == 0)
		become(plan, report[1]);
	close(report[1]);
	if (*pid < 0) {
		complain("can't start anything: %s", strerror(errno));
		close(report[0]);
		restore_signals();
		return CLI_RUN_FAILED;
	}
	program = *pid;
	sigprocmask(SIG_SETMASK, &mask_before, NULL);
	code = read_report(report[0]);
	close(report[0]);
	if (code != 0) {
		waitpid(*pid, NULL, 0);
		program = 0;
	}
	return code;
}

/* ------------------------------------------------------------------- waiting */

static bool is_terminal_stop(int number)
{
	return number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;
}

static void set_disposition(int number, void (*handler)(int), struct sigaction *old)
{
	struct sigaction action = { .sa_handler = handler };

	sigaction(number, &action, old);
}

/*
 * The terminal stopped the program: our parent is to see us stopped, too. A
 * shell that goes on wakes the whole group; whoever wakes only us means the
 * program, which may have ended by now: its end is left to be waited for. Other
 * stops are between the program and whoever sent the signal.
 */
static void stop_alike(pid_t pid, int number)
{
	siginfo_t awake = { .si_pid = 0 };
	struct sigaction old;
	sigset_t set;

	set_disposition(number, SIG_DFL, &old);
	sigemptyset(&set);
	sigaddset(&set, number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(number);
	sigaction(number, &old, NULL);
	if (waitid(P_PID, (id_t)pid, &awake, WCONTINUED | WNOHANG) < 0 || awake.si_pid == 0)
		kill(pid, SIGCONT);
}

int run_child_wait(pid_t pid)
{
	int status;

	for (;;) {
		pid_t found = waitpid(pid, &status, WUNTRACED);

		if (found < 0 && errno == EINTR)
			continue;
		if (found < 0) {
			status = CLI_RUN_FAILED << 8;
			break;
		}
		if (!WIFSTOPPED(status))
			break;
		if (is_terminal_stop(WSTOPSIG(status)))
			stop_alike(pid, WSTOPSIG(status));
	}
	program = 0;
	return status;
}

/* --------------------------------------------------------------------- ending */

/* By the same signal, but without a core of our own. */
static void die_alike(int number)
{
	struct rlimit none = { 0, 0 };
	sigset_t set;

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
	set_disposition(number, SIG_DFL, NULL);
	sigemptyset(&set);
	sigaddset(&set, number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(number);
}

void run_child_end_alike(int status)
{
	if (WIFSIGNALED(status)) {
		die_alike(WTERMSIG(status));
		_exit(128 + WTERMSIG(status));
	}
	_exit(WEXITSTATUS(status));
}
