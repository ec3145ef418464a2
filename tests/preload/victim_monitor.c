/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Runs a userfaultfd monitor in the same process: munmap(), mremap(), madvise(), fork() and
 * whatever touches a page sleep in the kernel until the monitor has read the event, and
 * the monitor maps memory first. Whoever holds a lock across the system call and waits
 * without bound hangs here.
 */

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "victim.h"

#define ROUNDS 12
#define AREA   (8 * PAGE)

static int uffd;
static atomic_bool stop;

/* A child's descriptor: nobody reads it, so the child must not touch the area. */
static void drop_childs(const struct uffd_msg *message)
{
	if (message->event == UFFD_EVENT_FORK)
		close((int)message->arg.fork.ufd);
}

static void serve_fault(const struct uffd_msg *message)
{
	struct uffdio_zeropage zero = {
		.range = { message->arg.pagefault.address & ~(PAGE - 1), PAGE },
	};

	if (message->event == UFFD_EVENT_PAGEFAULT)
		ioctl(uffd, UFFDIO_ZEROPAGE, &zero);
}

static void *monitor(void *unused)
{
	while (!stop) {
		struct pollfd ready = { .fd = uffd, .events = POLLIN };
		struct uffd_msg message;
		void *p;

		if (poll(&ready, 1, 50) <= 0)
			continue;
		p = mmap(NULL, 7 * PAGE, RW, ANON, -1, 0);
		mprotect(p, PAGE, PROT_READ);
		if (read(uffd, &message, sizeof(message)) == sizeof(message)) {
			serve_fault(&message);
			drop_childs(&message);
		}
		munmap((char *)p + PAGE, 2 * PAGE);
	}
	return unused;
}

static char *map_registered(void)
{
	char *p = mmap(NULL, AREA, RW, ANON, -1, 0);
	struct uffdio_register range = {
		.range = { (uintptr_t)p, AREA },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	if (ioctl(uffd, UFFDIO_REGISTER, &range) != 0)
		fail("UFFDIO_REGISTER");
	return p;
}

static void unmapped(void)
{
	if (munmap(map_registered(), AREA) != 0)
		fail("munmap");
}

/* The monitor is told where it went; what is mapped over goes first. */
static void moved(void)
{
	char *to = mmap(NULL, 2 * AREA, RW, ANON, -1, 0);
	char *from = map_registered();

	if (mremap(from, AREA, AREA, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to)
		fail("mremap");
	if (mremap(to, AREA, AREA / 2, 0) != to)
		fail("shrinking mremap");
	mmap(to, PAGE, RW, ANON | MAP_FIXED, -1, 0);
	munmap(to, 2 * AREA);
}

/* The call itself faults, page by page. */
static void filled(void)
{
	char *p = map_registered();

	madvise(p, PAGE, 22 /* MADV_POPULATE_READ */);
	mlock(p + PAGE, PAGE);
	madvise(p, 2 * PAGE, MADV_DONTNEED);
	munmap(p, AREA);
}

static void forked(void)
{
	char *p = map_registered();
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		munmap(mmap(NULL, PAGE, RW, ANON, -1, 0), PAGE);
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
		fail("a child beside a monitor");
	munmap(p, AREA);
}

/* As many kinds of events as this user may have. Return: those that it has. */
static uint64_t open_monitor(void)
{
	static const uint64_t wishes[] = {
		UFFD_FEATURE_EVENT_UNMAP | UFFD_FEATURE_EVENT_REMAP | UFFD_FEATURE_EVENT_REMOVE |
			UFFD_FEATURE_EVENT_FORK,
		UFFD_FEATURE_EVENT_UNMAP | UFFD_FEATURE_EVENT_REMAP | UFFD_FEATURE_EVENT_REMOVE,
		UFFD_FEATURE_EVENT_UNMAP,
	};

	for (unsigned i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++) {
		struct uffdio_api api = { .api = UFFD_API, .features = wishes[i] };

		/* In a kernel's call only for who may watch the kernel. */
		uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
		if (uffd < 0)
			uffd = (int)syscall(SYS_userfaultfd,
					    O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);
		if (uffd >= 0 && ioctl(uffd, UFFDIO_API, &api) == 0)
			return wishes[i];
		close(uffd);
	}
	skip("no userfaultfd with unmap events for this user");
	return 0;
}

int main(void)
{
	uint64_t events = open_monitor();
	pthread_t thread;

	if (pthread_create(&thread, NULL, monitor, NULL) != 0)
		fail("pthread_create");
	for (unsigned i = 0; i < ROUNDS; i++) {
		unmapped();
		if (events & UFFD_FEATURE_EVENT_REMAP)
			moved();
		if (events & UFFD_FEATURE_EVENT_REMOVE)
			filled();
		if (events & UFFD_FEATURE_EVENT_FORK)
			forked();
	}
	stop = true;
	pthread_join(thread, NULL);
	must_agree("after all that");
	return 0;
}
