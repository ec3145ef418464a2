/* SPDX-License-Identifier: Apache-2.0 */

/*
 * story_plugin - the library that story.c loads and unloads
 */

#include <sys/mman.h>

void *plugin_make(void);

/* Not a tail call: the caller's frame is what the test looks for. */
void *plugin_make(void)
{
	void *made = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	__asm__ volatile("" : "+r"(made));
	return made;
}
