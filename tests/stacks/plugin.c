/* SPDX-License-Identifier: Apache-2.0 */

/* A library that calls victim_stacks back from its constructor, while the loader has its lock. */

#include <stdint.h>
#include <sys/mman.h>
#include "plugin.h"

void (*plugin_probe)(void) __attribute__((weak));

__attribute__((constructor)) static void constructed(void)
{
	if (plugin_probe != 0)
		plugin_probe();
}

/* Out of another library, whose code is mapped somewhere else each time. */
int plugin_call(void (*probe)(void))
{
	probe();
	return 1;
}
