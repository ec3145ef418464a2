/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_SYS_H
#define BASE_SYS_H

/*
 * sys - system calls without libc
 *
 * Each returns what the kernel returned: a value, or a negative errno. errno
 * itself is never touched, nothing is cancellable, and nothing goes through a
 * symbol that somebody may have interposed.
 */

#include <stdint.h>
#include <stddef.h>
#include <stdbool.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>

#if defined(__x86_64__)

static inline long sys_call6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

#elif defined(__aarch64__)

static inline long sys_call6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc #0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory", "cc");
	return x0;
}

#else
#error "base/sys.h: no system call sequence for this architecture"
#endif

static inline long sys_call_with(long nr, const uint64_t args[6])
{
	return sys_call6(nr, (long)args[0], (long)args[1], (long)args[2], (long)args[3],
			 (long)args[4], (long)args[5]);
}

/* Values between -4095 and -1 are errors; a high address is not. */
static inline bool sys_is_error(long ret)
{
	return (unsigned long)ret > -4096UL;
}

static inline long sys_mmap(uint64_t addr, uint64_t len, int prot, int map_flags, int fd,
			    uint64_t offset)
{
	return sys_call6(SYS_mmap, (long)addr, (long)len, prot, map_flags, fd, (long)offset);
}

static inline long sys_munmap(uint64_t addr, uint64_t len)
{
	return sys_call6(SYS_munmap, (long)addr, (long)len, 0, 0, 0, 0);
}

static inline long sys_madvise(uint64_t addr, uint64_t len, int advice)
{
	return sys_call6(SYS_madvise, (long)addr, (long)len, advice, 0, 0, 0);
}

static inline long sys_remap_file_pages(uint64_t addr, uint64_t len, uint64_t pgoff)
{
	return sys_call6(SYS_remap_file_pages, (long)addr, (long)len, 0, (long)pgoff, 0, 0);
}

static inline long sys_openat(int dir, const char *path, int flags, int mode)
{
	return sys_call6(SYS_openat, dir, (long)path, flags, mode, 0, 0);
}

static inline long sys_close(int fd)
{
	return sys_call6(SYS_close, fd, 0, 0, 0, 0, 0);
}

static inline long sys_read(int fd, void *buf, size_t len)
{
	return sys_call6(SYS_read, fd, (long)buf, (long)len, 0, 0, 0);
}

static inline long sys_write(int fd, const void *buf, size_t len)
{
	return sys_call6(SYS_write, fd, (long)buf, (long)len, 0, 0, 0);
}

static inline long sys_pread(int fd, void *buf, size_t len, uint64_t offset)
{
	return sys_call6(SYS_pread64, fd, (long)buf, (long)len, (long)offset, 0, 0);
}

static inline long sys_pwrite(int fd, const void *buf, size_t len, uint64_t offset)
{
	return sys_call6(SYS_pwrite64, fd, (long)buf, (long)len, (long)offset, 0, 0);
}

static inline long sys_ioctl(int fd, unsigned long request, void *arg)
{
	return sys_call6(SYS_ioctl, fd, (long)request, (long)arg, 0, 0, 0);
}

static inline long sys_ftruncate(int fd, uint64_t size)
{
	return sys_call6(SYS_ftruncate, fd, (long)size, 0, 0, 0, 0);
}

static inline long sys_mkdirat(int dir, const char *path, int mode)
{
	return sys_call6(SYS_mkdirat, dir, (long)path, mode, 0, 0, 0);
}

static inline long sys_unlinkat(int dir, const char *path)
{
	return sys_call6(SYS_unlinkat, dir, (long)path, 0, 0, 0, 0);
}

static inline long sys_readlinkat(int dir, const char *path, char *buf, size_t len)
{
	return sys_call6(SYS_readlinkat, dir, (long)path, (long)buf, (long)len, 0, 0);
}

static inline long sys_getpid(void)
{
	return sys_call6(SYS_getpid, 0, 0, 0, 0, 0, 0);
}

static inline long sys_getppid(void)
{
	return sys_call6(SYS_getppid, 0, 0, 0, 0, 0, 0);
}

/* Reads this process's memory, which may not be mapped. Return: has all of it been read? */
static inline bool sys_read_own(uint64_t addr, void *to, size_t size)
{
	struct iovec local = { to, size };
	struct iovec remote = { (void *)(uintptr_t)addr, size };

	return sys_call6(SYS_process_vm_readv, sys_getpid(), (long)&local, 1, (long)&remote, 1,
			 0) == (long)size;
}

/* sigaltstack(2). Both are a stack_t; NULL: nothing is set, or told. */
static inline long sys_sigaltstack(const void *stack, void *old)
{
	return sys_call6(SYS_sigaltstack, (long)stack, (long)old, 0, 0, 0, 0);
}

static inline long sys_gettid(void)
{
	return sys_call6(SYS_gettid, 0, 0, 0, 0, 0, 0);
}

/* rt_sigprocmask(2). @set and @old are the kernel's: one bit per signal. */
static inline long sys_sigprocmask(int how, const uint64_t *set, uint64_t *old)
{
	return sys_call6(SYS_rt_sigprocmask, how, (long)set, (long)old, sizeof(*set), 0, 0);
}

/* futex(2). @op is a FUTEX_ value; @timeout is a struct timespec or NULL. */
static inline long sys_futex(void *word, int op, uint32_t value, const void *timeout)
{
	return sys_call6(SYS_futex, (long)word, op, value, (long)timeout, 0, 0);
}

/*
 * Compares a word in memory that may not be mapped, by a FUTEX_CMP_REQUEUE of no waiter, which
 * compares first. Return: 0 when equal, -EAGAIN when not, -EFAULT when the page can't be read.
 */
static inline long sys_compare_word(uint64_t addr, uint32_t value)
{
	return sys_call6(SYS_futex, (long)addr, FUTEX_CMP_REQUEUE_PRIVATE, 0, 0, (long)addr, value);
}

static inline long sys_clock_gettime(int clock, void *timespec)
{
	return sys_call6(SYS_clock_gettime, clock, (long)timespec, 0, 0, 0, 0);
}

static inline long sys_prlimit(int resource, void *old_limit)
{
	return sys_call6(SYS_prlimit64, 0, resource, 0, (long)old_limit, 0, 0);
}

#endif
