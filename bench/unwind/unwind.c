/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Measures what taking a stack costs, by our unwinder and by others
 *
 * All walk the same stack, of 6, 16 and 30 frames, in turns; printed are the best of
 * all rounds in nanoseconds, and how many times that is of our warm walk. The chain is
 * compiled with frame pointers, so that they can be followed; the other ways do not
 * use them. "cold" forgets all rules before every walk; here it asks the loader for
 * the tables, in the shim the recorder's map.
 */

#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#ifdef HAVE_LIBUNWIND
#define UNW_LOCAL_ONLY
#include <libunwind.h>
#endif
#include "../../tests/unwind/own_tables.h"

#define ROUNDS	   40
#define FRAMES_MAX 30

static struct own_tables tables;

/* Each takes a stack of at most @n frames and says how many it got. */

static __attribute__((noinline)) unsigned take(unsigned n)
{
	const struct unwind_regs here = UNWIND_CALLER;
	uint64_t frames[FRAMES_MAX];
	struct unwind_trace trace = { .frames = frames, .max = (uint8_t)n };

	unwind_walk(&trace, &here, false, &tables.host);
	return trace.n;
}

static __attribute__((noinline)) unsigned take_cold(unsigned n)
{
	const struct unwind_regs here = UNWIND_CALLER;
	uint64_t frames[FRAMES_MAX];
	struct unwind_trace trace = { .frames = frames, .max = (uint8_t)n };

	unwind_cache_forget(&tables.cache);
	unwind_walk(&trace, &here, false, &tables.host);
	return trace.n;
}

static __attribute__((noinline)) unsigned take_frame_pointers(unsigned n)
{
	const struct unwind_regs here = UNWIND_CALLER;
	uint64_t frames[FRAMES_MAX];
	struct unwind_trace trace = { .frames = frames, .max = (uint8_t)n };

	unwind_walk_frame_pointers(&trace, &here, &tables.host);
	return trace.n;
}

/* libc's own: libunwind has a function of this name, too. */
static int (*glibc_backtrace)(void **frames, int n);

static unsigned take_glibc(unsigned n)
{
	void *frames[FRAMES_MAX];

	return (unsigned)glibc_backtrace(frames, (int)n);
}

static void find_glibc_backtrace(void)
{
	void *libc = dlopen("libc.so.6", RTLD_NOW);

	if (libc == NULL || (*(void **)&glibc_backtrace = dlsym(libc, "backtrace")) == NULL) {
		fprintf(stderr, "no backtrace() in libc.so.6\n");
		exit(1);
	}
}

#ifdef HAVE_LIBUNWIND
static unsigned take_libunwind(unsigned n)
{
	void *frames[FRAMES_MAX];

	return (unsigned)unw_backtrace(frames, (int)n);
}
#endif

static const struct way {
	const char *name;
	unsigned (*take)(unsigned n);
	unsigned repeat;
} ways[] = {
	{ "ours, warm", take, 2000 },
	{ "ours, cold", take_cold, 20 },
	{ "frame pointers", take_frame_pointers, 2000 },
#ifdef HAVE_LIBUNWIND
	{ "unw_backtrace", take_libunwind, 1000 },
#endif
	{ "backtrace", take_glibc, 100 },
};
#define N_WAYS (sizeof(ways) / sizeof(ways[0]))

static double best[N_WAYS];

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void measure(unsigned n)
{
	for (unsigned i = 0; i < N_WAYS; i++) {
		double start, took;

		if (ways[i].take(n) < n && ways[i].take != take_frame_pointers) {
			fprintf(stderr, "%s did not get %u frames\n", ways[i].name, n);
			exit(1);
		}
		start = now_ns();
		for (unsigned j = 0; j < ways[i].repeat; j++)
			ways[i].take(n);
		took = (now_ns() - start) / ways[i].repeat;
		if (best[i] == 0 || took < best[i])
			best[i] = took;
	}
}

/*
 * A chain of functions that differ, as frames of real stacks do. The addition keeps
 * calls from being made jumps.
 */
#define LINK(name, next)                                                                           \
	static __attribute__((noinline)) unsigned name(unsigned depth, unsigned n)                 \
	{                                                                                          \
		volatile uint64_t room[4] = { depth };                                             \
		if (depth == 0)                                                                    \
			measure(n);                                                                \
		else                                                                               \
			next(depth - 1, n);                                                        \
		return (unsigned)room[0] + 1;                                                      \
	}
static unsigned deeper(unsigned depth, unsigned n);
LINK(f10, deeper)
LINK(f9, f10)
LINK(f8, f9)
LINK(f7, f8)
LINK(f6, f7)
LINK(f5, f6)
LINK(f4, f5)
LINK(f3, f4)
LINK(f2, f3)
LINK(f1, f2)
LINK(deeper, f1)

static void print(unsigned n)
{
	printf("%2u frames ", n);
	for (unsigned i = 0; i < N_WAYS; i++)
		printf(" %14.0f ns %6.2fx", best[i], best[i] / best[0]);
	putchar('\n');
}

int main(void)
{
	static const unsigned depths[] = { 6, 16, FRAMES_MAX };

	own_tables_init(&tables);
	find_glibc_backtrace();
	printf("%9s ", "");
	for (unsigned i = 0; i < N_WAYS; i++)
		printf(" %24s", ways[i].name);
	putchar('\n');
	for (unsigned i = 0; i < sizeof(depths) / sizeof(depths[0]); i++) {
		for (unsigned j = 0; j < N_WAYS; j++)
			best[j] = 0;
		for (unsigned round = 0; round < ROUNDS; round++)
			deeper(depths[i], depths[i]);
		print(depths[i]);
	}
	return 0;
}
