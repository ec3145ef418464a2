/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include "base/sys.h"
#include "sites/code_memory.h"

int code_memory_open(void)
{
	return (int)sys_openat(AT_FDCWD, "/proc/thread-self/mem", O_RDWR | O_CLOEXEC, 0);
}
