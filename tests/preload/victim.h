/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_PRELOAD_VICTIM_H
#define TESTS_PRELOAD_VICTIM_H

/*
 * victim - what the programs that run under the shim share
 *
 * A victim does something hard, asks the shim whether its map still is the
 * kernel's, and exits with 0, 1, or 77 for "can't be had on this machine". Run
 * without the shim it only does the hard thing.
 */

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <mapledger/mapledger.h>

#define PAGE 4096UL
#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static inline void fail(const char *what)
{
	dprintf(2, "FAILED: %s (errno %d)\n", what, errno);
	_exit(1);
}

static inline void skip(const char *why)
{
	dprintf(2, "SKIPPED: %s\n", why);
	_exit(77);
}

static inline void show(const struct ml_difference *difference, void *context)
{
	(void)context;
	dprintf(2, "  %lx-%lx %s%s\n", (unsigned long)difference->start,
		(unsigned long)difference->end, difference->what,
		difference->explained ? " (explained)" : "");
}

/* Nobody else may change the map meanwhile. */
static inline void must_agree(const char *when)
{
	int n = ml_active() ? ml_verify(show, NULL) : 0;

	if (n == 0)
		return;
	dprintf(2, "FAILED: %d differences %s\n", n, when);
	_exit(1);
}

static inline char *map_pages(size_t n_pages)
{
	char *p = mmap(NULL, n_pages * PAGE, RW, ANON, -1, 0);

	if (p == MAP_FAILED)
		fail("mmap");
	return p;
}

/* Started as "victim symbols": what libc does inside is not caught, and not to be done. */
static inline bool are_symbols_enough(int argc, char **argv)
{
	return argc > 1 && strcmp(argv[1], "symbols") == 0;
}

/* qemu-user accepts any advice. */
static inline bool is_emulated(void)
{
	return madvise(NULL, 0, -1) == 0;
}

/* Four calls, after which the map is what it was. */
static inline void change_the_map(void)
{
	char *p = mmap(NULL, 4 * PAGE, RW, ANON, -1, 0);

	if (p == MAP_FAILED)
		return;
	mprotect(p + PAGE, PAGE, PROT_READ);
	munmap(p + 2 * PAGE, PAGE);
	munmap(p, 4 * PAGE);
}

/* For a thread that is cancelled in a call. */
static inline void *be_cancelled(void *unused)
{
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	for (;;)
		change_the_map();
	return unused;
}

static inline void pause_for(unsigned usec)
{
	const struct timespec time = { .tv_nsec = (long)usec * 1000 };

	nanosleep(&time, NULL);
}

/* A stream of its own for every thread. */
static inline uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(*state >> 33);
}

static inline uint64_t seed(void)
{
	const char *given = getenv("ML_TEST_SEED");
	uint64_t value =
		given != NULL ? strtoull(given, NULL, 0) : (uint64_t)getpid() * 2654435761u;

	dprintf(2, "seed %llu (set ML_TEST_SEED to repeat)\n", (unsigned long long)value);
	return value;
}

#endif
