/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Moves the break by a syscall instruction in anonymous memory, which the shim can't see. libc
 * does not know either, so its next brk takes some of that back.
 */

#include <sys/syscall.h>
#include "victim.h"

/* long call(long number, long argument) */
static const unsigned char code[] = {
	0x48, 0x89, 0xf8, /* mov %rdi, %rax */
	0x48, 0x89, 0xf7, /* mov %rsi, %rdi */
	0x0f, 0x05,	  /* syscall */
	0xc3,		  /* ret */
};

static void move(long to)
{
	static char *page;

	if (page == NULL) {
		page = map_pages(1);
		memcpy(page, code, sizeof(code));
		if (mprotect(page, PAGE, PROT_READ | PROT_EXEC) != 0)
			skip("what was written can't be executed");
	}
	if (((long (*)(long, long))(uintptr_t)page)(SYS_brk, to) != to)
		fail("a hidden brk");
	/* Notices, and reads the map. */
	if (ml_active() && ml_verify(NULL, NULL) <= 0)
		fail("a hidden brk was seen");
}

int main(void)
{
	long first = (long)sbrk((long)PAGE);

	if (first == -1)
		fail("sbrk");
	must_agree("after a first brk");
	move(first + 4 * (long)PAGE);
	if (sbrk((long)PAGE) == (void *)-1)
		fail("sbrk");
	must_agree("after a brk that takes back what a hidden one had given");
	move(first + (long)PAGE);
	if (sbrk((long)PAGE) == (void *)-1)
		fail("sbrk");
	must_agree("after a brk that gives what a hidden one had taken");
	return 0;
}
