/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include "../test_random.h"
#include "shapes.h"

#define SHAPE static __attribute__((noinline)) unsigned

static __thread uint64_t *random_state;
static __thread void (*at_bottom)(void);
static __thread unsigned depth_of_callback;
static __thread bool called_back;

static void next(unsigned depth);

SHAPE small_frame(unsigned depth)
{
	next(depth);
	return depth;
}

SHAPE large_frame(unsigned depth)
{
	volatile char room[5000];

	room[depth] = 1;
	next(depth);
	return (unsigned)room[depth];
}

SHAPE growing_frame(unsigned depth)
{
	volatile char *room = __builtin_alloca(16 + draw(random_state) % 2000);

	room[0] = (char)depth;
	next(depth);
	return (unsigned)room[0];
}

SHAPE aligned_frame(unsigned depth)
{
	volatile char room[128] __attribute__((aligned(64)));

	room[0] = (char)depth;
	next(depth);
	return (unsigned)room[0];
}

SHAPE aligned_growing_frame(unsigned depth)
{
	volatile char room[128] __attribute__((aligned(64)));
	volatile char *more = __builtin_alloca(16 + draw(random_state) % 2000);

	room[0] = more[0] = (char)depth;
	next(depth);
	return (unsigned)room[0] + (unsigned)more[0];
}

/* All callee-saved registers are in use across the call. */
SHAPE busy_frame(unsigned depth)
{
	uint64_t a = draw(random_state), b = draw(random_state), c = draw(random_state),
		 d = draw(random_state), e = draw(random_state), f = draw(random_state);

	next(depth);
	return (unsigned)(a ^ b * 3 ^ c * 5 ^ d * 7 ^ e * 11 ^ f * 13);
}

static int order(const void *a, const void *b)
{
	if (!called_back) {
		called_back = true;
		next(depth_of_callback);
	}
	return *(const int *)a - *(const int *)b;
}

SHAPE through_libc(unsigned depth)
{
	int numbers[] = { 3, 1, 2 };

	depth_of_callback = depth;
	called_back = false;
	qsort(numbers, 3, sizeof(numbers[0]), order);
	return (unsigned)numbers[0];
}

static void handler(int number)
{
	(void)number;
	next(depth_of_callback);
}

SHAPE through_signal(unsigned depth)
{
	depth_of_callback = depth;
	raise(SIGUSR1);
	return depth + 1;
}

static unsigned (*const shapes[])(unsigned) = {
	small_frame, large_frame,  growing_frame,  aligned_frame,
	busy_frame,  through_libc, through_signal, aligned_growing_frame,
};

static void next(unsigned depth)
{
	volatile unsigned result = 0;

	if (depth == 0)
		at_bottom();
	else
		result = shapes[draw(random_state) % 8](depth - 1);
	(void)result;
}

void shapes_start(int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_NODEFER | flags };

	sigaction(SIGUSR1, &action, NULL);
}

void shapes_run(unsigned depth, uint64_t *random, void (*bottom)(void))
{
	random_state = random;
	at_bottom = bottom;
	next(depth);
}
