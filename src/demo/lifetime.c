/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Demos of mappings that end too early, or take others with them
 */

#include <errno.h>
#include "demo/demo.h"

static pthread_barrier_t barrier;

/* ------------------------------------------------------------ use-after-munmap */

static char *queue;

NOINLINE static void queue_close(void)
{
	demo_need(munmap(queue, 4 * PAGE) == 0, "munmap");
}

static void *closer(void *unused)
{
	pthread_setname_np(pthread_self(), "closer");
	pthread_barrier_wait(&barrier);
	queue_close();
	pthread_barrier_wait(&barrier);
	return unused;
}

NOINLINE static int queue_head(void)
{
	return queue[PAGE];
}

int demo_use_after_munmap(void)
{
	pthread_t thread;

	queue = mmap(NULL, 4 * PAGE, RW, ANON, -1, 0);
	demo_need(queue != MAP_FAILED, "mmap");
	pthread_barrier_init(&barrier, NULL, 2);
	demo_need(pthread_create(&thread, NULL, closer, NULL) == 0, "pthread_create");
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	return queue_head();
}

/* --------------------------------------------------------------- double-munmap */

static char *first;
static char *second;

NOINLINE static char *cache_new(char *at)
{
	/* The kernel might choose another place; the hint makes the accident certain. */
	return mmap(at, 4 * PAGE, RW, ANON, -1, 0);
}

static void *cache_thread(void *unused)
{
	pthread_setname_np(pthread_self(), "cache");
	pthread_barrier_wait(&barrier);
	second = cache_new(first);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	return unused;
}

NOINLINE static void buffer_free(char *buffer)
{
	munmap(buffer, 4 * PAGE);
}

NOINLINE static void cache_store(char *cache)
{
	cache[100] = 1;
}

int demo_double_munmap(void)
{
	pthread_t thread;

	pthread_barrier_init(&barrier, NULL, 2);
	demo_need(pthread_create(&thread, NULL, cache_thread, NULL) == 0, "pthread_create");
	first = mmap(NULL, 4 * PAGE, RW, ANON, -1, 0);
	demo_need(first != MAP_FAILED, "mmap");
	buffer_free(first);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	if (second != first) {
		fprintf(stderr, "the kernel chose another place\n");
		return DEMO_SKIP;
	}
	buffer_free(first);
	cache_store(second);
	return 0;
}

/* --------------------------------------------------------------- fixed-clobber */

/* As if the place were free: an old idiom for putting code near a function. */
NOINLINE static void trampoline_new(char *place)
{
	char *at = mmap(place, PAGE, RW, ANON | MAP_FIXED, -1, 0);

	demo_need(at == place, "mmap");
}

NOINLINE static char *names_new(void)
{
	char *names = aligned_alloc(PAGE, 4 * PAGE);

	demo_need(names != NULL, "aligned_alloc");
	strcpy(names + PAGE, "precious");
	return names;
}

int demo_fixed_clobber(void)
{
	char *names = names_new();

	trampoline_new(names + PAGE);
	printf("the name is \"%s\"\n", names + PAGE);
	return 0;
}

/* -------------------------------------------------------------- munmap-too-long */

NOINLINE static char *index_new(char *at)
{
	return mmap(at, PAGE, RW, ANON | MAP_FIXED, -1, 0);
}

NOINLINE static void text_free(char *text, size_t size)
{
	munmap(text, size + 1); /* the terminating byte was counted twice */
}

NOINLINE static void index_add(char *index)
{
	index[0] = 1;
}

int demo_munmap_too_long(void)
{
	char *room = mmap(NULL, 3 * PAGE, PROT_NONE, ANON, -1, 0);
	char *text, *index;

	demo_need(room != MAP_FAILED, "mmap");
	text = mmap(room, 2 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
	index = index_new(room + 2 * PAGE);
	demo_need(text == room && index == room + 2 * PAGE, "mmap");
	text_free(text, 2 * PAGE);
	index_add(index);
	return 0;
}
