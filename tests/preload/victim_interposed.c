/* SPDX-License-Identifier: Apache-2.0 */

/* Makes the calls that interposer.c counts; its exit goes through interposer.c, too. */

#include <dlfcn.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include "victim.h"

static void map_by_number(void)
{
	void *p = (void *)syscall(SYS_mmap, NULL, PAGE, RW, ANON, -1, 0);

	if (p == MAP_FAILED || syscall(SYS_munmap, p, PAGE) != 0)
		fail("syscall");
}

static void nothing(int status, void *unused)
{
	(void)status;
	(void)unused;
}

int main(void)
{
	void (*say)(void);
	char *p = map_pages(4);

	*(void **)&say = dlsym(RTLD_DEFAULT, "interposer_say");
	if (say == NULL)
		skip("there is no interposer");
	if (mprotect(p, PAGE, PROT_READ) != 0)
		fail("mprotect");
	p = mremap(p + PAGE, 3 * PAGE, 8 * PAGE, MREMAP_MAYMOVE);
	if (p == MAP_FAILED || munmap(p + 2 * PAGE, PAGE) != 0)
		fail("mremap");
	map_by_number();
	if (munmap((void *)1, PAGE) != -1 || errno != EINVAL)
		fail("munmap of nonsense");
	if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0 || syscall(SYS_gettid) != gettid())
		fail("prctl");
	on_exit(nothing, NULL);
	must_agree("after all calls");
	say();
	fflush(stdout);
	_exit(6);
}
