/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Unmaps a page by a syscall instruction that can't be recognized as a munmap: the call's
 * number comes from memory. The next recorded call, next to it, is an mprotect.
 */

#include <sys/syscall.h>
#include "victim.h"

static volatile long hidden = SYS_munmap;

static long call_hidden(void *addr, size_t len)
{
#if defined(__x86_64__)
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(hidden), "D"(addr), "S"(len)
			 : "rcx", "r11", "memory");
	return result;
#else
	(void)addr;
	(void)len;
	skip("no instruction for it here");
	return -1;
#endif
}

int main(void)
{
	char *p = mmap(NULL, 3 * PAGE, RW, ANON, -1, 0);

	if (p == MAP_FAILED || call_hidden(p + PAGE, PAGE) != 0)
		fail("mmap and munmap");
	mprotect(p, PAGE, PROT_READ);
	mprotect(p + 2 * PAGE, PAGE, PROT_READ);
	return 0;
}
