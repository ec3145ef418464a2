/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Is built with each of the compilers' sanitizers, by sanitizers.py. Without an argument there is
 * nothing to report: memory is mapped again and again at the same places by several threads,
 * which a runtime that is not told of it takes for races, or for memory never written. With
 * one: the bug that the sanitizer is for.
 */

#include <limits.h>
#include <sys/wait.h>
#include "victim.h"

#define N_THREADS 3
#define N_ROUNDS  40

static void use(volatile char *p, size_t size)
{
	for (size_t i = 0; i < size; i += PAGE)
		p[i] = 1;
}

static void map_and_unmap(void)
{
	char *p = map_pages(16), *q;

	use(p, 16 * PAGE);
	if (mprotect(p + PAGE, PAGE, PROT_READ) != 0 || munmap(p + 8 * PAGE, 8 * PAGE) != 0)
		fail("mprotect");
	q = mremap(p + 2 * PAGE, 6 * PAGE, 9 * PAGE, MREMAP_MAYMOVE);
	if (q == MAP_FAILED)
		fail("mremap");
	if (munmap(q, 9 * PAGE) != 0 || munmap(p, 2 * PAGE) != 0)
		fail("munmap");
}

static void *work(void *unused)
{
	for (unsigned i = 0; i < N_ROUNDS; i++) {
		char *p = malloc(5000 + i * 9000);

		use(p, 5000);
		free(p);
		map_and_unmap();
	}
	return unused;
}

static void run_threads(void *(*function)(void *))
{
	pthread_t thread[N_THREADS];

	for (unsigned i = 0; i < N_THREADS; i++)
		if (pthread_create(&thread[i], NULL, function, NULL) != 0)
			fail("pthread_create");
	for (unsigned i = 0; i < N_THREADS; i++)
		pthread_join(thread[i], NULL);
}

static void fork_and_wait(void)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		map_and_unmap();
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
		fail("fork");
}

/* -------------------------------------------------------------------------- bugs */

static int shared;
static volatile int largest = INT_MAX;
static void *volatile kept;

static void *write_shared(void *unused)
{
	for (unsigned i = 0; i < 1000; i++)
		shared++;
	return unused;
}

static void race(void)
{
	run_threads(write_shared);
}

static void overflow(void)
{
	volatile char *p = malloc(9);

	p[9] = 1;
}

static void uninitialized(void)
{
	volatile char *p = malloc(9);

	if (p[3])
		puts("written by nobody");
}

static void leak(void)
{
	kept = malloc(1234);
	kept = NULL;
}

static void undefined(void)
{
	largest = largest + 1;
}

static const struct bug {
	const char *name;
	void (*make)(void);
} bugs[] = {
	{ "race", race }, { "overflow", overflow },   { "uninitialized", uninitialized },
	{ "leak", leak }, { "undefined", undefined },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(bugs) / sizeof(bugs[0]); i++)
		if (strcmp(argv[1], bugs[i].name) == 0)
			bugs[i].make();
	if (argc > 1)
		return 0;
	run_threads(work);
	fork_and_wait();
	map_and_unmap();
	puts("done");
	return 0;
}
