/* SPDX-License-Identifier: Apache-2.0 */

/*
 * victim_environments WORD: makes itself at home in a hostile environment, then works
 * and says what came of it. environments.py compares that with what it says without
 * the shim. 77: this user, or this kernel, has no such environment.
 */

#include <fcntl.h>
#include <linux/prctl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "victim.h"

#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#endif

static void limit(int what, rlim_t soft)
{
	struct rlimit limit;

	getrlimit(what, &limit);
	limit.rlim_cur = soft;
	if (setrlimit(what, &limit) != 0)
		skip("the limit can't be set");
}

static void nothing(void)
{
}

static void close_all(void)
{
	if (syscall(SYS_close_range, 3, ~0U, 0) != 0)
		for (int fd = 3; fd < 1024; fd++)
			close(fd);
}

static void close_really_all(void)
{
	int out = dup2(1, 100);

	for (int fd = 0; fd < 1024; fd++)
		if (fd != out)
			close(fd);
	dup2(out, 1);
}

static void change_root(void)
{
	char folder[] = "/tmp/victim.XXXXXX";

	if (mkdtemp(folder) == NULL || chdir(folder) != 0 || rmdir(folder) != 0 || chroot(".") != 0)
		skip("chroot is for root");
}

static void drop_privileges(void)
{
	if (geteuid() != 0 || setresgid(65534, 65534, 65534) != 0 ||
	    setresuid(65534, 65534, 65534) != 0)
		skip("only root has privileges to drop");
}

static void deny_write_exec(void)
{
	if (prctl(PR_SET_MDWE, 1, 0, 0, 0) != 0)
		skip("no PR_SET_MDWE here");
}

static void address_space(void)
{
	limit(RLIMIT_AS, 64 << 20);
}

static void data_size(void)
{
	limit(RLIMIT_DATA, 24 << 20);
}

static void file_size(void)
{
	limit(RLIMIT_FSIZE, 0);
}

static void no_files(void)
{
	limit(RLIMIT_NOFILE, 0);
}

static void small_stack(void)
{
	limit(RLIMIT_STACK, 32 << 10);
}

static void lock_all(void)
{
	limit(RLIMIT_MEMLOCK, 1 << 20);
	if (mlockall(MCL_FUTURE) != 0)
		skip("mlockall");
}

/* In a namespace of our own; the folder that hides /proc is empty. */
static void hide_proc(void)
{
	if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
		skip("no mount namespaces for this user");
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("none", "/proc", "tmpfs", 0, NULL) != 0)
		skip("/proc can't be hidden");
}

static const struct {
	const char *name;
	void (*enter)(void);
} environments[] = {
	{ "nothing", nothing },
	{ "close_all", close_all },
	{ "close_really_all", close_really_all },
	{ "chroot", change_root },
	{ "setuid", drop_privileges },
	{ "mdwe", deny_write_exec },
	{ "as", address_space },
	{ "data", data_size },
	{ "fsize", file_size },
	{ "nofile", no_files },
	{ "stack", small_stack },
	{ "mcl_future", lock_all },
	{ "noproc", hide_proc },
};

/* --------------------------------------------------------------------- working */

/* Calls whose outcome the shim knows from them alone, and two that it has to ask about. */
static unsigned change(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < 200; i++) {
		char *p = mmap(NULL, 6 * PAGE, RW, ANON, -1, 0);

		if (p == MAP_FAILED)
			continue;
		n += mprotect(p, PAGE, PROT_READ) == 0;
		n += munmap(p + 2 * PAGE, PAGE) == 0;
		n += mprotect(p, 6 * PAGE, PROT_READ) != 0;
		n += munmap(p, 6 * PAGE) == 0;
		p = mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			continue;
		*p = 1;
		n += munmap(p, PAGE) == 0;
		free(malloc(150000 + i * 1000));
	}
	return n;
}

static void *in_thread(void *n)
{
	*(unsigned *)n = change();
	return NULL;
}

static void say(const char *who, unsigned n)
{
	char line[80];
	int len = snprintf(line, sizeof(line), "%s: %u\n", who, n);

	if (write(1, line, (size_t)len) != len)
		_exit(3);
}

static void work(void)
{
	pthread_t thread;
	unsigned n = 0;
	int status = -1;
	pid_t child;

	say("alone", change());
	if (pthread_create(&thread, NULL, in_thread, &n) == 0) {
		pthread_join(thread, NULL);
		say("thread", n);
	}
	child = fork();
	if (child == 0) {
		say("child", change());
		_exit(5);
	}
	waitpid(child, &status, 0);
	say("status", (unsigned)status);
}

int main(int argc, char **argv)
{
	char *p = mmap(NULL, 4 * PAGE, RW, ANON, -1, 0);

	for (unsigned i = 0; i < sizeof(environments) / sizeof(environments[0]); i++)
		if (argc == 2 && strcmp(argv[1], environments[i].name) == 0) {
			mprotect(p, PAGE, PROT_READ);
			environments[i].enter();
			work();
			return 4;
		}
	dprintf(2, "usage: victim_environments NAME\n");
	return 1;
}
