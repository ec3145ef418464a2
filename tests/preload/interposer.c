/* SPDX-License-Identifier: Apache-2.0 */

/*
 * interposer - a library that interposes some calls, as the runtimes of sanitizers do
 *
 * It counts what it is called for, and calls whoever is next. Who ends with 6 ends with 7.
 */

#include <dlfcn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum interposed { MMAP, MUNMAP, MREMAP, PRCTL, SYSCALL, ON_EXIT, N_INTERPOSED };

static unsigned n_calls[N_INTERPOSED];

/* What the victim asks for. */
void interposer_say(void);

void interposer_say(void)
{
	for (unsigned i = 0; i < N_INTERPOSED; i++)
		printf("%u ", n_calls[i]);
	printf("calls seen\n");
}

/* As dlsym() gives it: POSIX wants the cast that C has not. */
static void *next(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

void *mmap(void *addr, size_t len, int prot, int map_flags, int fd, off_t offset)
{
	void *(*other)(void *, size_t, int, int, int, off_t);

	*(void **)&other = next("mmap");
	n_calls[MMAP]++;
	return other(addr, len, prot, map_flags, fd, offset);
}

int munmap(void *addr, size_t len)
{
	int (*other)(void *, size_t);

	*(void **)&other = next("munmap");
	n_calls[MUNMAP]++;
	return other(addr, len);
}

void *mremap(void *addr, size_t old_len, size_t new_len, int remap_flags, ...)
{
	void *(*other)(void *, size_t, size_t, int, ...);
	void *new_addr = NULL;
	va_list rest;

	*(void **)&other = next("mremap");
	n_calls[MREMAP]++;
	if (remap_flags & MREMAP_FIXED) {
		va_start(rest, remap_flags);
		new_addr = va_arg(rest, void *);
		va_end(rest);
	}
	return other(addr, old_len, new_len, remap_flags, new_addr);
}

int prctl(int option, ...)
{
	int (*other)(int, ...);
	unsigned long args[4];
	va_list rest;

	*(void **)&other = next("prctl");
	n_calls[PRCTL]++;
	va_start(rest, option);
	for (unsigned i = 0; i < 4; i++)
		args[i] = va_arg(rest, unsigned long);
	va_end(rest);
	return other(option, args[0], args[1], args[2], args[3]);
}

long syscall(long nr, ...)
{
	long (*other)(long, ...);
	unsigned long args[6];
	va_list rest;

	*(void **)&other = next("syscall");
	if (nr == SYS_gettid) /* not of those that the shim takes */
		n_calls[SYSCALL]++;
	va_start(rest, nr);
	for (unsigned i = 0; i < 6; i++)
		args[i] = va_arg(rest, unsigned long);
	va_end(rest);
	return other(nr, args[0], args[1], args[2], args[3], args[4], args[5]);
}

/* Whoever is early is not let through: nothing has begun yet. */
static int begun;

__attribute__((constructor)) static void begin(void)
{
	begun = 1;
}

int on_exit(void (*function)(int, void *), void *argument);

int on_exit(void (*function)(int, void *), void *argument)
{
	int (*other)(void (*)(int, void *), void *);

	if (!begun)
		__builtin_trap();
	*(void **)&other = next("on_exit");
	n_calls[ON_EXIT]++;
	return other(function, argument);
}

void _exit(int status)
{
	void (*other)(int);

	*(void **)&other = next("_exit");
	other(status == 6 ? 7 : status); /* `mapledger run' is not to be changed */
	__builtin_unreachable();
}
