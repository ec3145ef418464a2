/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Measures what being recorded costs per call
 *
 * overhead NAME runs one loop, below enough functions for a stack of 16 frames, and
 * prints its nanoseconds per call, elapsed and of CPU time. overhead.py runs each plain,
 * under the shim, and under strace, in turns.
 */

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define PAGE	    4096
#define THREADS_MAX 4

static uint64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static char *map_pages(size_t n_pages)
{
	char *pages = mmap(NULL, n_pages * PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED)
		exit(2);
	return pages;
}

/* Each returns how many calls (or allocations) it made. */

static uint64_t map_and_unmap(unsigned rounds)
{
	for (unsigned i = 0; i < rounds; i++)
		munmap(map_pages(4), 4 * PAGE);
	return 2ULL * rounds;
}

/* The middle of three pages, so that areas split and merge each time. */
static uint64_t toggle(unsigned rounds)
{
	char *pages = map_pages(3);

	for (unsigned i = 0; i < rounds; i++)
		mprotect(pages + PAGE, PAGE, i % 2 ? PROT_READ | PROT_WRITE : PROT_READ);
	munmap(pages, 3 * PAGE);
	return rounds;
}

/* Sizes as programs have them: few reach the kernel. */
static uint64_t allocate(unsigned rounds)
{
	char *kept[256] = { 0 };
	uint32_t state = 1;

	for (unsigned i = 0; i < rounds; i++) {
		char **place;

		state = state * 1664525 + 1013904223;
		place = &kept[(state >> 8) % 256];
		free(*place);
		*place = malloc((state >> 16) % 64 == 0 ? (state >> 12) % 300000
							: (state >> 12) % 2000);
		if (*place == NULL)
			exit(2);
		**place = 1;
	}
	for (unsigned i = 0; i < 256; i++)
		free(kept[i]);
	return rounds;
}

static void *mix(void *rounds)
{
	unsigned n = *(unsigned *)rounds;

	map_and_unmap(n);
	toggle(n);
	allocate(n * 10);
	return NULL;
}

/* The mmap, munmap and mprotect calls of all threads together; malloc's come on top. */
static uint64_t mix_in_threads(unsigned rounds, unsigned n_threads)
{
	pthread_t threads[THREADS_MAX];

	for (unsigned i = 0; i < n_threads; i++)
		if (pthread_create(&threads[i], NULL, mix, &rounds) != 0)
			exit(2);
	for (unsigned i = 0; i < n_threads; i++)
		pthread_join(threads[i], NULL);
	return (uint64_t)n_threads * 3 * rounds;
}

static uint64_t one_thread(unsigned rounds)
{
	return mix_in_threads(rounds, 1);
}

static uint64_t two_threads(unsigned rounds)
{
	return mix_in_threads(rounds, 2);
}

static uint64_t four_threads(unsigned rounds)
{
	return mix_in_threads(rounds, 4);
}

static const struct loop {
	const char *name;
	uint64_t (*run)(unsigned rounds);
	unsigned rounds;
} loops[] = {
	{ "mmap+munmap", map_and_unmap, 10000 }, { "mprotect", toggle, 20000 },
	{ "malloc", allocate, 300000 },		 { "1 thread", one_thread, 6000 },
	{ "2 threads", two_threads, 4000 },	 { "4 threads", four_threads, 3000 },
};

#define FRAMES 12 /* main's callers, the loop and what it calls make up for the rest */

/* The addition keeps the calls from being made jumps. */
static __attribute__((noinline)) uint64_t deeper(unsigned n, const struct loop *loop,
						 unsigned rounds)
{
	return n == 0 ? loop->run(rounds) : deeper(n - 1, loop, rounds) + (loop->rounds == 0);
}

int main(int argc, char **argv)
{
	unsigned divisor = argc > 2 ? (unsigned)atoi(argv[2]) : 1;

	for (size_t i = 0; argc > 1 && i < sizeof(loops) / sizeof(loops[0]); i++) {
		unsigned rounds = loops[i].rounds / (divisor ? divisor : 1);
		uint64_t start, cpu_start, calls;

		if (strcmp(argv[1], loops[i].name) != 0)
			continue;
		deeper(FRAMES, &loops[i], rounds / 10);
		start = now_ns(CLOCK_MONOTONIC);
		cpu_start = now_ns(CLOCK_PROCESS_CPUTIME_ID);
		calls = deeper(FRAMES, &loops[i], rounds);
		printf("%.1f %.1f\n", (double)(now_ns(CLOCK_MONOTONIC) - start) / (double)calls,
		       (double)(now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_start) / (double)calls);
		return 0;
	}
	fprintf(stderr, "usage: overhead NAME [DIVISOR]\n");
	return 2;
}
