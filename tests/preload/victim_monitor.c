/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A userfaultfd monitor in the same process: munmap() sleeps in the kernel until
 * the monitor has read the event, and the monitor maps memory first. Whoever
 * holds a lock across the system call and waits without bound hangs here.
 */

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include "victim.h"

#define ROUNDS 20

static int uffd;

static void *monitor(void *unused)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct pollfd ready = { .fd = uffd, .events = POLLIN };
		struct uffd_msg message;
		void *p;

		poll(&ready, 1, -1);
		p = mmap(NULL, 7 * PAGE, RW, ANON, -1, 0);
		mprotect(p, PAGE, PROT_READ);
		if (read(uffd, &message, sizeof(message)) != sizeof(message))
			fail("read of the event");
		munmap((char *)p + PAGE, 2 * PAGE);
	}
	return unused;
}

int main(void)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_EVENT_UNMAP };
	pthread_t thread;

	uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
	if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api) != 0)
		skip("no userfaultfd with unmap events for this user");
	if (pthread_create(&thread, NULL, monitor, NULL) != 0)
		fail("pthread_create");
	for (unsigned i = 0; i < ROUNDS; i++) {
		char *p = mmap(NULL, 8 * PAGE, RW, ANON, -1, 0);
		struct uffdio_register range = {
			.range = { (uintptr_t)p, 8 * PAGE },
			.mode = UFFDIO_REGISTER_MODE_MISSING,
		};

		if (ioctl(uffd, UFFDIO_REGISTER, &range) != 0)
			fail("UFFDIO_REGISTER");
		if (munmap(p, 8 * PAGE) != 0)
			fail("munmap");
	}
	pthread_join(thread, NULL);
	must_agree("after all that");
	return 0;
}
