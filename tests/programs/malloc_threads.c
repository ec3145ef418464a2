/* SPDX-License-Identifier: Apache-2.0 */

/*
 * malloc_threads - runs until it is killed
 *
 * Four threads allocate and free at random, in arenas of their own and above the
 * mmap threshold; two more live shortly, so that stacks come and go; one maps,
 * protects and unmaps by itself.
 */

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define N_KEPT 64
#define PAGE   4096

static uint32_t next(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

static void allocate(uint32_t *state, char *kept[N_KEPT])
{
	uint32_t place = next(state) % N_KEPT;
	size_t size = next(state) % 16 == 0 ? next(state) % 700000 : next(state) % 5000;

	free(kept[place]);
	kept[place] = malloc(size + 1);
	if (kept[place] != NULL)
		memset(kept[place], 1, size + 1);
}

static void *allocate_for_ever(void *seed)
{
	char *kept[N_KEPT] = { 0 };
	uint32_t state = (uint32_t)(uintptr_t)seed;

	for (;;)
		allocate(&state, kept);
	return NULL;
}

static void *allocate_shortly(void *seed)
{
	char *kept[N_KEPT] = { 0 };
	uint32_t state = (uint32_t)(uintptr_t)seed;

	for (int i = 0; i < 2000; i++)
		allocate(&state, kept);
	for (int i = 0; i < N_KEPT; i++)
		free(kept[i]);
	return NULL;
}

static void *map_for_ever(void *seed)
{
	uint32_t state = (uint32_t)(uintptr_t)seed;

	for (;;) {
		size_t n_pages = 2 + next(&state) % 30;
		char *pages = mmap(NULL, n_pages * PAGE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (pages == MAP_FAILED)
			continue;
		mprotect(pages, PAGE, PROT_NONE);
		mprotect(pages + PAGE, (n_pages - 1) * PAGE, PROT_READ);
		munmap(pages + (n_pages / 2) * PAGE, PAGE);
		munmap(pages, n_pages * PAGE);
	}
	return NULL;
}

int main(void)
{
	pthread_t thread;

	for (uintptr_t seed = 1; seed <= 4; seed++)
		pthread_create(&thread, NULL, allocate_for_ever, (void *)seed);
	pthread_create(&thread, NULL, map_for_ever, (void *)(uintptr_t)9);
	puts("ready");
	fflush(stdout);
	for (uintptr_t seed = 100;; seed += 2) {
		pthread_t pair[2];

		pthread_create(&pair[0], NULL, allocate_shortly, (void *)seed);
		pthread_create(&pair[1], NULL, allocate_shortly, (void *)(seed + 1));
		pthread_join(pair[0], NULL);
		pthread_join(pair[1], NULL);
	}
}
