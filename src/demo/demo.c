/* SPDX-License-Identifier: Apache-2.0 */
#include "demo/demo.h"

static const struct demo demos[] = {
	{ "overhang", "mprotect takes the whole last page of a length", demo_overhang },
	{ "double-munmap", "a second munmap takes what another thread has mapped since",
	  demo_double_munmap },
	{ "fixed-clobber", "MAP_FIXED lands on a page of the heap", demo_fixed_clobber },
	{ "use-after-munmap", "one thread unmaps what another still reads", demo_use_after_munmap },
	{ "munmap-too-long", "munmap of one byte too many takes the neighbour's page",
	  demo_munmap_too_long },
	{ "map-limit", "protecting every second page uses up the number of mappings",
	  demo_map_limit },
	{ "guard-region", "a page that maps shows as rw-p can't be touched", demo_guard_region },
	{ "execstack", "a library makes the whole stack executable", demo_execstack },
	{ "write-then-execute", "pages that are written and executed", demo_write_then_execute },
	{ "partial-protect", "an mprotect that fails has changed half of its range",
	  demo_partial_protect },
};
#define N_DEMOS (sizeof(demos) / sizeof(demos[0]))

void demo_need(int good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(2);
}

/* One line each, a tab between name and story: the command prints it from here. */
static void list(void)
{
	for (size_t i = 0; i < N_DEMOS; i++)
		printf("%s\t%s\n", demos[i].name, demos[i].story);
}

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 2 && i < N_DEMOS; i++)
		if (strcmp(argv[1], demos[i].name) == 0)
			return demos[i].run();
	list();
	return argc == 1 ? 0 : 2;
}
