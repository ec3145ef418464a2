/* SPDX-License-Identifier: Apache-2.0 */

/*
 * victim WHAT - does one thing, for the tests of `mapledger run'
 */

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static volatile sig_atomic_t got;

static void note(int number)
{
	got = number;
}

/* What a program is given besides its arguments. */
static void print_surroundings(void)
{
	mode_t mask = umask(0);
	sigset_t blocked;

	printf("umask %o nice %d group %d session %d\n", (unsigned)mask,
	       getpriority(PRIO_PROCESS, 0), (int)getpgrp(), (int)getsid(0));
	sigprocmask(SIG_SETMASK, NULL, &blocked);
	for (int i = 1; i < NSIG; i++) {
		struct sigaction action;

		if (sigaction(i, NULL, &action) == 0 && action.sa_handler != SIG_DFL)
			printf("ignored %d\n", i);
		if (sigismember(&blocked, i) == 1)
			printf("blocked %d\n", i);
	}
	for (int fd = 0; fd < 64; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			printf("open %d\n", fd);
}

/* Blocked but for the waiting: else it could come between the question and pause(). */
static void wait_for(int number)
{
	sigset_t blocked, open;

	sigemptyset(&blocked);
	sigaddset(&blocked, number);
	sigprocmask(SIG_BLOCK, &blocked, &open);
	signal(number, note);
	puts("ready");
	fflush(stdout);
	while (got != number)
		sigsuspend(&open);
	puts("got it");
}

static void map_a_page(int number)
{
	(void)number;
	munmap(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 4096);
}

/* The first call comes from a signal stack. Prints its id and an address of its own stack. */
static void *be_a_thread(void *unused)
{
	static char alternate[64 << 10];
	stack_t stack = { .ss_sp = alternate, .ss_size = sizeof(alternate) };
	struct sigaction action = { .sa_handler = map_a_page, .sa_flags = SA_ONSTACK };

	sigaltstack(&stack, NULL);
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	map_a_page(0);
	printf("%ld %p\n", syscall(SYS_gettid), (void *)&stack);
	return unused;
}

static void run_a_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, be_a_thread, NULL) == 0)
		pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "surroundings") == 0) {
		print_surroundings();
	} else if (strcmp(what, "int") == 0) {
		wait_for(SIGINT);
	} else if (strcmp(what, "term") == 0) {
		wait_for(SIGTERM);
	} else if (strcmp(what, "segv") == 0) {
		*(volatile int *)mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) =
			1;
	} else if (strcmp(what, "thread") == 0) {
		run_a_thread();
	} else if (strcmp(what, "map") == 0) {
		for (int i = 0; i < 200; i++)
			munmap(mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
			       8192);
		puts("ready");
		fflush(stdout);
		pause();
	}
	return argc > 2 ? atoi(argv[2]) : 0;
}
