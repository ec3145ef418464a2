/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Makes calls while /proc/thread-self/maps is a file full of nonsense: a mount in a mount
 * namespace of our own. Calls must go on as if nothing were wrong.
 */

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include "victim.h"

static char place[64]; /* our map in /proc */

static void write_nonsense(const char *path)
{
	static const char lines[] = "this is no line\n"
				    "7f0000001000-7f0000000000 rw-p 00000000 00:00 0 \n"
				    "7f0000001001-7f0000002000 rw-p 00000000 00:00 0 \n"
				    "7f000000100 \n"
				    "zzzz-7f0000002000 rw-p 00000000 00:00 0 [heap]\n"
				    "\xff\xfe\x80 \n";
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);

	if (fd < 0 || write(fd, lines, sizeof(lines) - 1) != (ssize_t)sizeof(lines) - 1)
		fail("write");
	for (int i = 0; i < 20000; i++) /* and one that never ends */
		if (write(fd, "x", 1) != 1)
			fail("write");
	close(fd);
}

static void cover(const char *path)
{
	if (unshare(CLONE_NEWNS) != 0)
		skip("no mount namespace to be had");
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount(path, place, NULL, MS_BIND, NULL) != 0)
		skip("no mount over /proc to be had");
}

static void make_calls(void)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	char *p = mmap(NULL, 4 * PAGE, RW, ANON, -1, 0);
	char *q = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);

	if (p == MAP_FAILED || q == MAP_FAILED || q[1] != 'E')
		fail("mmap");
	p[0] = 7;
	munmap(p + PAGE, PAGE);
	if (mprotect(p, 3 * PAGE, PROT_READ) == 0 || errno != ENOMEM)
		fail("mprotect over a hole");
	if (p[0] != 7 || mprotect(p, PAGE, RW) != 0)
		fail("mprotect back");
	p[0] = 8;
	munmap(p, 4 * PAGE);
	munmap(q, PAGE);
	close(fd);
}

int main(int argc, char **argv)
{
	const char *path = argc > 1 ? argv[1] : "bad_maps";

	snprintf(place, sizeof(place), "/proc/self/task/%ld/maps", syscall(SYS_gettid));
	write_nonsense(path);
	cover(path);
	make_calls();
	if (umount2(place, MNT_DETACH) != 0)
		fail("umount");
	make_calls();
	if (ml_active())
		ml_verify(show, NULL); /* what was lost meanwhile is found again */
	must_agree("when the map can be read again");
	return 0;
}
