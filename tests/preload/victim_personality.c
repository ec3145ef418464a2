/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Makes so many calls that the shim's window into the ledger moves, with and without
 * READ_IMPLIES_EXEC, under which all that can be read can be executed, also the window.
 */

#include <sys/personality.h>
#include "victim.h"

#define N_PAIRS 12000 /* more than a window of records */

static void map_and_unmap(void)
{
	for (int i = 0; i < N_PAIRS; i++) {
		void *p = mmap(NULL, PAGE, RW, ANON, -1, 0);

		if (p == MAP_FAILED || munmap(p, PAGE) < 0)
			fail("mmap or munmap");
	}
}

int main(void)
{
	int before = personality(0xffffffff);

	map_and_unmap();
	if (before < 0 || personality((unsigned)before | READ_IMPLIES_EXEC) < 0)
		skip("personality can't be changed here");
	map_and_unmap();
	personality((unsigned)before);
	map_and_unmap();
	return 0;
}
