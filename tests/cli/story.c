/* SPDX-License-Identifier: Apache-2.0 */

/*
 * story PLUGIN [crash] - maps, seals, loads and unloads, so that stacks can be compared
 *
 * stacks.py finds its lines by what is in them.
 */

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <mapledger/mapledger.h>

#ifdef __clang__ /* which clones nothing */
#define NOINLINE __attribute__((noinline))
#else
#define NOINLINE __attribute__((noinline, noclone))
#endif

char *volatile story_pool;
char story_buffer[8192] __attribute__((aligned(4096)));

/* clang-format off */
static inline __attribute__((always_inline)) void protect(void *at, size_t len, int prot)
{
	if (mprotect(at, len, prot) != 0)
		perror("mprotect");
}

NOINLINE static char *make_pool(size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

NOINLINE static void seal_pool(void)
{
	protect(story_pool, 4097, PROT_READ);
	__asm__ volatile("");
}

NOINLINE static void seal_buffer(void)
{
	protect(story_buffer, sizeof(story_buffer), PROT_READ);
	__asm__ volatile("");
}

NOINLINE static void *use_plugin(const char *path)
{
	void *plugin = dlopen(path, RTLD_NOW);
	void *(*make)(void) = NULL;
	void *made;

	if (plugin != NULL)
		*(void **)&make = dlsym(plugin, "plugin_make");
	made = make != NULL ? make() : NULL;
	if (plugin != NULL)
		dlclose(plugin);
	return made;
}
/* clang-format on */

int main(int argc, char **argv)
{
	void *made;

	ml_mark("before");
	story_pool = make_pool(16384);
	ml_mark("after pool");
	seal_pool();
	seal_buffer();
	made = use_plugin(argv[1]);
	printf("%p %p %p\n", (void *)story_pool, (void *)story_buffer, made);
	fflush(stdout);
	if (argc > 2 && strcmp(argv[2], "crash") == 0)
		story_pool[4096] = 1;
	return made == NULL;
}
