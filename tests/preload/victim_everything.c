/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Does everything at once for some seconds: threads that race on one window, handlers that
 * change the map and one that jumps away, children of all kinds, one killed in its
 * calls, threads that come, go and are cancelled, a userfaultfd monitor, libraries.
 * Nothing may hang, and in the end the map is the kernel's. ML_TEST_SECONDS: how long.
 */

#include <dlfcn.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include "victim.h"

#define WINDOW_PAGES 64

extern char **environ;

static char *window;
static uint64_t start_seed;
static atomic_bool stop;
static atomic_ulong n_rounds;

/* --------------------------------------------------------------------- the parts */

/* Without holes: into one, the loader could map a library. */
static void race(uint64_t *random)
{
	char *at = window + next_random(random) % WINDOW_PAGES * PAGE;
	size_t len = (1 + next_random(random) % 4) * PAGE;

	switch (next_random(random) % 4) {
	case 0:
		mmap(at, len, RW, ANON | MAP_FIXED, -1, 0);
		break;
	case 1:
		mmap(at, len, PROT_NONE, ANON | MAP_FIXED | MAP_NORESERVE, -1, 0);
		break;
	case 2:
		mprotect(at, len, next_random(random) & 1 ? PROT_READ : RW);
		break;
	default:
		change_the_map();
	}
}

static void allocate(uint64_t *random)
{
	void *volatile p = malloc(100000 + next_random(random) % 400000);

	free(p);
}

static __thread sigjmp_buf *away;

static void on_change(int number)
{
	(void)number;
	change_the_map();
}

static void on_jump(int number)
{
	(void)number;
	if (away != NULL)
		siglongjmp(*away, 1);
}

/* Nothing of libc's may be left half-way: only calls. */
static void be_thrown(uint64_t *random)
{
	sigjmp_buf here;

	if (sigsetjmp(here, 1) == 0) {
		away = &here;
		for (unsigned i = 0; i < 50; i++)
			race(random);
	}
	away = NULL;
}

static void fork_child(uint64_t *random)
{
	pid_t child = fork();

	(void)random;
	if (child == 0) {
		change_the_map();
		must_agree("in a child");
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

static void spawn_child(uint64_t *random)
{
	char *const argv[] = { (char *)"true", NULL };
	pid_t child;

	(void)random;
	if (posix_spawn(&child, "/bin/true", NULL, NULL, argv, environ) == 0)
		waitpid(child, NULL, 0);
}

static void *kill_soon(void *pid)
{
	while (*(volatile pid_t *)pid == 0)
		pause_for(10);
	pause_for(200);
	kill(*(volatile pid_t *)pid, SIGKILL);
	return NULL;
}

static void kill_child(uint64_t *random)
{
	static volatile pid_t pid;
	pthread_t thread;
	pid_t child;

	(void)random;
	pid = 0;
	if (pthread_create(&thread, NULL, kill_soon, (void *)&pid) != 0)
		return;
	child = vfork();
	if (child == 0) {
		pid = (pid_t)syscall(SYS_getpid);
		for (;;)
			change_the_map();
	}
	pthread_join(thread, NULL);
	waitpid(child, NULL, 0);
}

static void cancel_thread(uint64_t *random)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, be_cancelled, NULL) != 0)
		return;
	pause_for(next_random(random) % 500);
	pthread_cancel(thread);
	pthread_join(thread, NULL);
}

static void load_library(uint64_t *random)
{
	void *library = dlopen("libz.so.1", RTLD_NOW);

	(void)random;
	if (library != NULL)
		dlclose(library);
	pause_for(100);
}

static int uffd = -1;

static void watch(uint64_t *random)
{
	struct pollfd ready = { .fd = uffd, .events = POLLIN };
	struct uffd_msg message;

	(void)random;
	if (uffd < 0 || poll(&ready, 1, 10) <= 0)
		pause_for(uffd < 0 ? 1000 : 1);
	change_the_map();
	if (uffd >= 0 && read(uffd, &message, sizeof(message)) < 0 && errno != EAGAIN)
		fail("read of a userfaultfd");
}

static void be_watched(uint64_t *random)
{
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	char *p = mmap(NULL, 4 * PAGE, RW, ANON, -1, 0);

	(void)random;
	if (p == MAP_FAILED)
		return;
	range.range = (struct uffdio_range){ (uintptr_t)p, 4 * PAGE };
	if (uffd >= 0)
		ioctl(uffd, UFFDIO_REGISTER, &range);
	munmap(p, 4 * PAGE);
	pause_for(300);
}

static void (*const parts[])(uint64_t *) = {
	race,	    race,	   be_thrown,	 allocate, fork_child, spawn_child,
	kill_child, cancel_thread, load_library, watch,	   be_watched,
};
#define PARTS (sizeof(parts) / sizeof(parts[0]))

/* ------------------------------------------------------------------- all together */

static pthread_t threads[PARTS];

/* The monitor goes last: who waits for it could not end. */
static bool is_over(unsigned part)
{
	static atomic_uint n_over;

	if (!stop || (parts[part] == watch && n_over < PARTS - 1))
		return false;
	n_over++;
	return true;
}

static void *run(void *part)
{
	uint64_t random = start_seed + (uintptr_t)part;

	while (!is_over((unsigned)(uintptr_t)part)) {
		parts[(uintptr_t)part](&random);
		n_rounds++;
	}
	return NULL;
}

/* Signals for those who race; what a jump would leave locked takes none. */
static void storm(unsigned seconds)
{
	uint64_t random = start_seed ^ 12345;
	time_t end = time(NULL) + seconds;

	while (time(NULL) < end) {
		pthread_kill(threads[next_random(&random) % 3], SIGUSR1);
		pthread_kill(threads[2], SIGUSR2);
		pause_for(100 + next_random(&random) % 300);
	}
}

static void open_monitor(void)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_EVENT_UNMAP };

	uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);
	if (uffd >= 0 && ioctl(uffd, UFFDIO_API, &api) != 0) {
		close(uffd);
		uffd = -1;
	}
}

int main(void)
{
	const char *seconds = getenv("ML_TEST_SECONDS");
	struct sigaction action = { .sa_handler = on_change, .sa_flags = SA_RESTART | SA_NODEFER };

	start_seed = seed();
	alarm(100); /* what hangs dies of it */
	window = mmap(NULL, 3 * WINDOW_PAGES * PAGE, PROT_NONE, ANON, -1, 0);
	if (window == MAP_FAILED)
		fail("mmap");
	window += WINDOW_PAGES * PAGE;
	open_monitor();
	sigaction(SIGUSR1, &action, NULL);
	action.sa_handler = on_jump;
	sigaction(SIGUSR2, &action, NULL);
	for (uintptr_t i = 0; i < PARTS; i++)
		if (pthread_create(&threads[i], NULL, run, (void *)i) != 0)
			fail("pthread_create");
	storm(seconds != NULL ? (unsigned)atoi(seconds) : 3);
	stop = true;
	for (unsigned i = 0; i < PARTS; i++)
		pthread_join(threads[i], NULL);
	dprintf(2, "%lu rounds\n", n_rounds);
	must_agree("after everything at once");
	return 0;
}
