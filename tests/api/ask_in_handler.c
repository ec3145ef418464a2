/* SPDX-License-Identifier: Apache-2.0 */

/*
 * ask_in_handler - calls the in-process API from signal handlers
 *
 * First from a SIGSEGV handler, which learns why the page can't be written to and
 * repairs it. Then from a SIGUSR1 handler that another thread triggers thousands
 * of times while this one maps, protects and unmaps: the handler may find itself
 * on top of a change (-EAGAIN), and must neither hang nor see half of it.
 */

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <mapledger/mapledger.h>

#define PAGE	  4096
#define N_SIGNALS 4000

static char *page;
static volatile sig_atomic_t n_faults, fault_answer, fault_prot;
static volatile sig_atomic_t n_answered, n_busy, n_wrong;
static volatile bool done;

static void on_fault(int signal, siginfo_t *info, void *context)
{
	struct ml_area area = { 0 };

	(void)signal;
	(void)context;
	if (++n_faults > 1)
		_exit(3);
	fault_answer = ml_query(info->si_addr, &area);
	fault_prot = (int)area.prot;
	mprotect(page, PAGE, PROT_READ | PROT_WRITE);
}

static void on_poke(int signal)
{
	struct ml_area area = { 0 };
	int saved = errno;
	int answer;

	(void)signal;
	errno = EXDEV;
	answer = ml_query(page, &area);
	if (errno != EXDEV)
		n_wrong++;
	else if (answer == -EAGAIN)
		n_busy++;
	else if (answer == (ml_active() ? 1 : -ENOSYS))
		n_answered++;
	else
		n_wrong++;
	if (answer == 1 && (area.start > (uintptr_t)page || area.end <= (uintptr_t)page))
		n_wrong++;
	errno = saved;
}

static void *poke(void *target)
{
	const struct timespec pause = { .tv_nsec = 20000 };

	for (int i = 0; i < N_SIGNALS; i++) {
		pthread_kill(*(pthread_t *)target, SIGUSR1);
		nanosleep(&pause, NULL);
	}
	done = true;
	return NULL;
}

static void catch (int signal, void (*handler)(int, siginfo_t *, void *), void (*plain)(int))
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_flags = SA_RESTART | (handler != NULL ? SA_SIGINFO : 0);
	if (handler != NULL)
		action.sa_sigaction = handler;
	else
		action.sa_handler = plain;
	sigaction(signal, &action, NULL);
}

static bool ask_about_fault(void)
{
	bool active = ml_active();

	catch (SIGSEGV, on_fault, NULL);
	mprotect(page, PAGE, PROT_READ);
	*(volatile char *)page = 1;
	printf("fault: %d, page is writable again: %s\n", (int)n_faults, *page == 1 ? "yes" : "no");
	return fault_answer == (active ? 1 : -ENOSYS) && (!active || fault_prot == PROT_READ);
}

static bool ask_under_fire(void)
{
	pthread_t self = pthread_self(), other;

	catch (SIGUSR1, NULL, on_poke);
	if (pthread_create(&other, NULL, poke, &self) != 0)
		return false;
	while (!done) {
		char *pages = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		mprotect(pages + PAGE, PAGE, PROT_READ);
		munmap(pages, 8 * PAGE);
	}
	pthread_join(other, NULL);
	printf("ledger: %d answered, %d busy, %d wrong\n", (int)n_answered, (int)n_busy,
	       (int)n_wrong);
	return n_wrong == 0 && n_answered > 0;
}

int main(void)
{
	bool faults, fire, verified;

	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return 2;
	faults = ask_about_fault();
	fire = ask_under_fire();
	verified = ml_verify(NULL, NULL) == (ml_active() ? 0 : -ENOSYS);
	printf("from SIGSEGV: %s\nfrom SIGUSR1: %s\nverify: %s\n", faults ? "right" : "WRONG",
	       fire ? "right" : "WRONG", verified ? "right" : "WRONG");
	return !(faults && fire && verified);
}
