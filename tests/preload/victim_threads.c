/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Lets threads race mmap, munmap, mprotect and mremap on one window; at each
 * quiescent point the map must be the kernel's. "System call, then lock, then
 * record" fails here within a few rounds.
 */

#include "victim.h"

#define THREADS	     4
#define ROUNDS	     60
#define STEPS	     300
#define WINDOW_PAGES 64

static char *window;
static pthread_barrier_t barrier;
static uint64_t start_seed;

static void step(uint64_t *random)
{
	char *at = window + next_random(random) % WINDOW_PAGES * PAGE;
	size_t len = (1 + next_random(random) % 4) * PAGE;
	void *p;

	switch (next_random(random) % 6) {
	case 0:
		mmap(at, len, RW, ANON | MAP_FIXED, -1, 0);
		break;
	case 1:
		munmap(at, len);
		break;
	case 2:
		mprotect(at, len, next_random(random) & 1 ? PROT_READ : RW);
		break;
	case 3:
		p = mmap(NULL, len, RW, ANON, -1, 0);
		if (p != MAP_FAILED)
			munmap(p, len);
		break;
	case 4:
		p = mremap(at, PAGE, len, MREMAP_MAYMOVE);
		if (p != MAP_FAILED &&
		    ((char *)p < window || (char *)p >= window + WINDOW_PAGES * PAGE))
			munmap(p, len);
		break;
	default:
		free(malloc(200000));
	}
}

static void *run(void *arg)
{
	uint64_t random = start_seed + (uintptr_t)arg;

	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < STEPS; i++)
			step(&random);
		pthread_barrier_wait(&barrier);
		if (arg == NULL)
			must_agree("after a round");
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS];

	start_seed = seed();
	/* With a margin on both sides: calls at the edges stay in what is ours. */
	window = mmap(NULL, 3 * WINDOW_PAGES * PAGE, PROT_NONE, ANON, -1, 0);
	if (window == MAP_FAILED)
		fail("mmap");
	window += WINDOW_PAGES * PAGE;
	pthread_barrier_init(&barrier, NULL, THREADS);
	for (uintptr_t i = 1; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, run, (void *)i) != 0)
			fail("pthread_create");
	run(NULL);
	for (unsigned i = 1; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	must_agree("at the end");
	return 0;
}
