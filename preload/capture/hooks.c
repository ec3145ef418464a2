/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <linux/prctl.h>
#include <sys/types.h>
#include "base/sys.h"
#include "capture/confine.h"
#include "capture/exec.h"
#include "capture/hooks.h"
#include "capture/raw.h"
#include "capture/route.h"
#include "capture/scope.h"
#include "crash/fault.h"
#include "record/finish.h"
#include "record/recorder.h"
#include "shim/shim.h"
#include "sites/site_table.h"
#include "threads/alt_stack.h"

#define MREMAP_FIXED_OR_DONTUNMAP 6

/* Weak: a program may have no libc, and then there is nobody to tell. */
extern int *__errno_location(void) __attribute__((weak));

static long to_libc(int64_t result)
{
	if (!sys_is_error(result))
		return result;
	if (&__errno_location != NULL)
		errno = (int)-result;
	return -1;
}

#define CALL(op_, tier_, ...)                                                                      \
	to_libc(recorder_call(                                                                     \
		&(struct vm_call){ .op = (op_), .tier = (tier_), .args = { __VA_ARGS__ } },        \
		&(struct unwind_regs)UNWIND_CALLER))

#define SYMBOL(op, ...) CALL(op, VM_TIER_SYMBOL, __VA_ARGS__)

#define HOOKS(X)                                                                                   \
	X(mmap)                                                                                    \
	X(mmap64)                                                                                  \
	X(munmap)                                                                                  \
	X(mprotect)                                                                                \
	X(pkey_mprotect)                                                                           \
	X(mremap)                                                                                  \
	X(madvise)                                                                                 \
	X(shmat)                                                                                   \
	X(shmdt)                                                                                   \
	X(remap_file_pages)                                                                        \
	X(mlock)                                                                                   \
	X(mlock2)                                                                                  \
	X(munlock)                                                                                 \
	X(mlockall)                                                                                \
	X(munlockall)                                                                              \
	X(mseal)                                                                                   \
	X(process_madvise)                                                                         \
	X(personality)                                                                             \
	X(prctl)                                                                                   \
	X(syscall)                                                                                 \
	X(_exit)                                                                                   \
	X(_Exit)

#define NEXT(name) NEXT_##name,
enum { HOOKS(NEXT) N_NEXT };
#undef NEXT
#define N_NEXT_CALLS NEXT_syscall

/* Where the one is that the hook hides and is called in its place; mostly 0. */
static uint64_t next[N_NEXT];

#define PASS_ON(name, ...)                                                                         \
	do {                                                                                       \
		if (unlikely(next[NEXT_##name] != 0))                                              \
			return ((__typeof__(&name))next[NEXT_##name])(__VA_ARGS__);                \
	} while (0)

EXPORT void *mmap(void *addr, size_t len, int prot, int map_flags, int fd, off_t offset);
EXPORT void *mmap64(void *addr, size_t len, int prot, int map_flags, int fd, off_t offset);
EXPORT int munmap(void *addr, size_t len);
EXPORT int mprotect(void *addr, size_t len, int prot);
EXPORT int pkey_mprotect(void *addr, size_t len, int prot, int pkey);
EXPORT void *mremap(void *addr, size_t old_len, size_t new_len, int remap_flags, ...);
EXPORT int madvise(void *addr, size_t len, int advice);
EXPORT void *shmat(int id, const void *addr, int shm_flags);
EXPORT int shmdt(const void *addr);
EXPORT int remap_file_pages(void *addr, size_t len, int prot, size_t pgoff, int map_flags);

EXPORT void *mmap(void *addr, size_t len, int prot, int map_flags, int fd, off_t offset)
{
	PASS_ON(mmap, addr, len, prot, map_flags, fd, offset);
	return (void *)SYMBOL(VM_OP_MMAP, (uintptr_t)addr, len, (uint64_t)prot, (uint64_t)map_flags,
			      (uint64_t)fd, (uint64_t)offset);
}

EXPORT void *mmap64(void *addr, size_t len, int prot, int map_flags, int fd, off_t offset)
{
	PASS_ON(mmap64, addr, len, prot, map_flags, fd, offset);
	return (void *)SYMBOL(VM_OP_MMAP, (uintptr_t)addr, len, (uint64_t)prot, (uint64_t)map_flags,
			      (uint64_t)fd, (uint64_t)offset);
}

EXPORT int munmap(void *addr, size_t len)
{
	PASS_ON(munmap, addr, len);
	return (int)SYMBOL(VM_OP_MUNMAP, (uintptr_t)addr, len);
}

EXPORT int mprotect(void *addr, size_t len, int prot)
{
	PASS_ON(mprotect, addr, len, prot);
	return (int)SYMBOL(VM_OP_MPROTECT, (uintptr_t)addr, len, (uint64_t)prot);
}

/* As libc: without a key this is plain mprotect, which every kernel has. */
EXPORT int pkey_mprotect(void *addr, size_t len, int prot, int pkey)
{
	PASS_ON(pkey_mprotect, addr, len, prot, pkey);
	if (pkey == -1)
		return (int)SYMBOL(VM_OP_MPROTECT, (uintptr_t)addr, len, (uint64_t)prot);
	return (int)SYMBOL(VM_OP_PKEY_MPROTECT, (uintptr_t)addr, len, (uint64_t)prot,
			   (uint64_t)pkey);
}

EXPORT void *mremap(void *addr, size_t old_len, size_t new_len, int remap_flags, ...)
{
	void *new_addr = NULL;

	if (remap_flags & MREMAP_FIXED_OR_DONTUNMAP) {
		va_list args;

		va_start(args, remap_flags);
		new_addr = va_arg(args, void *);
		va_end(args);
	}
	PASS_ON(mremap, addr, old_len, new_len, remap_flags, new_addr);
	return (void *)SYMBOL(VM_OP_MREMAP, (uintptr_t)addr, old_len, new_len,
			      (uint64_t)remap_flags, (uintptr_t)new_addr);
}

EXPORT int madvise(void *addr, size_t len, int advice)
{
	PASS_ON(madvise, addr, len, advice);
	return (int)SYMBOL(VM_OP_MADVISE, (uintptr_t)addr, len, (uint64_t)advice);
}

EXPORT void *shmat(int id, const void *addr, int shm_flags)
{
	PASS_ON(shmat, id, addr, shm_flags);
	return (void *)SYMBOL(VM_OP_SHMAT, (uint64_t)id, (uintptr_t)addr, (uint64_t)shm_flags);
}

EXPORT int shmdt(const void *addr)
{
	PASS_ON(shmdt, addr);
	return (int)SYMBOL(VM_OP_SHMDT, (uintptr_t)addr);
}

EXPORT int remap_file_pages(void *addr, size_t len, int prot, size_t pgoff, int map_flags)
{
	PASS_ON(remap_file_pages, addr, len, prot, pgoff, map_flags);
	return (int)SYMBOL(VM_OP_REMAP_FILE_PAGES, (uintptr_t)addr, len, (uint64_t)prot, pgoff,
			   (uint64_t)map_flags);
}

EXPORT int mlock(const void *addr, size_t len);
EXPORT int mlock2(const void *addr, size_t len, unsigned lock_flags);
EXPORT int munlock(const void *addr, size_t len);
EXPORT int mlockall(int lock_flags);
EXPORT int munlockall(void);
EXPORT int mseal(void *addr, size_t len, unsigned long seal_flags);
EXPORT long process_madvise(int pidfd, const void *vector, size_t n, int advice, unsigned flags);
EXPORT int personality(unsigned long persona);
EXPORT int prctl(int option, ...);

EXPORT int mlock(const void *addr, size_t len)
{
	PASS_ON(mlock, addr, len);
	return (int)SYMBOL(VM_OP_MLOCK, (uintptr_t)addr, len);
}

EXPORT int mlock2(const void *addr, size_t len, unsigned lock_flags)
{
	PASS_ON(mlock2, addr, len, lock_flags);
	return (int)SYMBOL(VM_OP_MLOCK2, (uintptr_t)addr, len, lock_flags);
}

EXPORT int munlock(const void *addr, size_t len)
{
	PASS_ON(munlock, addr, len);
	return (int)SYMBOL(VM_OP_MUNLOCK, (uintptr_t)addr, len);
}

EXPORT int mlockall(int lock_flags)
{
	PASS_ON(mlockall, lock_flags);
	return (int)SYMBOL(VM_OP_MLOCKALL, (uint64_t)lock_flags);
}

EXPORT int munlockall(void)
{
	PASS_ON(munlockall);
	return (int)SYMBOL(VM_OP_MUNLOCKALL, 0);
}

EXPORT int mseal(void *addr, size_t len, unsigned long seal_flags)
{
	PASS_ON(mseal, addr, len, seal_flags);
	return (int)SYMBOL(VM_OP_MSEAL, (uintptr_t)addr, len, seal_flags);
}

EXPORT long process_madvise(int pidfd, const void *vector, size_t n, int advice, unsigned flags)
{
	PASS_ON(process_madvise, pidfd, vector, n, advice, flags);
	return SYMBOL(VM_OP_PROCESS_MADVISE, (uint64_t)pidfd, (uintptr_t)vector, n,
		      (uint64_t)advice, flags);
}

EXPORT int personality(unsigned long persona)
{
	PASS_ON(personality, persona);
	const uint64_t args[6] = { persona };

	if (!vm_call_matters(VM_OP_PERSONALITY, args))
		return (int)to_libc(sys_call6(SYS_personality, (long)persona, 0, 0, 0, 0, 0));
	return (int)SYMBOL(VM_OP_PERSONALITY, persona);
}

/* As libc: five words are handed on, however many there are. */
EXPORT int prctl(int option, ...)
{
	uint64_t args[6] = { (uint64_t)option };
	va_list rest;

	va_start(rest, option);
	for (unsigned i = 1; i < 5; i++)
		args[i] = va_arg(rest, unsigned long);
	va_end(rest);
	/* A filter must not come unseen, whoever else wants to see prctl(). */
	if (option == PR_SET_SECCOMP)
		return (int)to_libc(confine_call(SYS_prctl, args));
	route_prctl(args);
	PASS_ON(prctl, option, args[1], args[2], args[3], args[4]);
	if (vm_call_matters(VM_OP_PRCTL, args))
		return (int)SYMBOL(VM_OP_PRCTL, args[0], args[1], args[2], args[3], args[4]);
	return (int)to_libc(sys_call_with(SYS_prctl, args));
}

/* --------------------------------------------------------- syscall(2), the function */

uint8_t hook_syscall_bitmap[64];
uint64_t hook_syscall_next;

static void want(long nr)
{
	if (nr >= 0 && nr < 512)
		hook_syscall_bitmap[nr / 8] |= (uint8_t)(1 << nr % 8);
}

void hooks_find_next(void)
{
#define NAME(name) #name,
	static const char *const names[] = { HOOKS(NAME) };
#undef NAME

	scope_next(names, next, N_NEXT);
	hook_syscall_next = next[NEXT_syscall];
	if (hook_syscall_next == 0)
		hook_syscall_next = scope_libc("syscall");
}

void hooks_pass_nothing_on(void)
{
	uint64_t any = 0;

	for (unsigned i = 0; i < N_NEXT_CALLS; i++) {
		any |= next[i];
		next[i] = 0;
	}
	if (any != 0 && ledger_writer_room(&shim.writer, 8))
		ledger_writer_note(&shim.writer, LEDGER_NOTE_DEGRADED,
				   "another library (a sanitizer's?) has mmap or its kin, too, "
				   "and is not called: what it makes of them could not be seen");
}

void hooks_start(void)
{
	for (unsigned op = VM_OP_MMAP; op < VM_OP_COUNT; op++)
		if (vm_op_of_nr(vm_op_info(op)->nr) == op)
			want(vm_op_info(op)->nr);
	want(SYS_seccomp);
	want(SYS_prctl);
	want(SYS_exit_group);
	want(SYS_execve);
	want(SYS_execveat);
#if defined(__x86_64__) /* where fault.c's handler and stack are kept from the program's sight */
	want(SYS_rt_sigaction);
	want(SYS_sigaltstack);
#endif
}

long hook_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	const uint64_t args[6] = { (uint64_t)a, (uint64_t)b, (uint64_t)c,
				   (uint64_t)d, (uint64_t)e, (uint64_t)f };
	enum vm_op op = vm_op_of_call(nr, args);

	if (op != VM_OP_NONE)
		return CALL(op, VM_TIER_SYSCALL, args[0], args[1], args[2], args[3], args[4],
			    args[5]);
#if defined(__x86_64__)
	if (nr == SYS_rt_sigaction)
		return to_libc(raw_sigaction(args));
	if (nr == SYS_sigaltstack)
		return to_libc(alt_stack_sigaltstack(args));
#endif
	if (nr == SYS_prctl)
		route_prctl(args);
	if (nr == SYS_exit_group)
		finish_at_exit((int)a);
	if (nr == SYS_execve || nr == SYS_execveat)
		return to_libc(exec_call(&(struct vm_call){ .op = nr == SYS_execve ? VM_OP_EXEC
										   : VM_OP_EXECVEAT,
							    .tier = VM_TIER_SYSCALL,
							    .args = { args[0], args[1], args[2],
								      args[3], args[4] } },
					 &(struct unwind_regs)UNWIND_CALLER));
	if (nr == SYS_seccomp || (nr == SYS_prctl && a == PR_SET_SECCOMP))
		return to_libc(confine_call(nr, args));
	return to_libc(sys_call6(nr, a, b, c, d, e, f));
}

long hook_syscall_failed(long result)
{
	return to_libc(result);
}

/* ------------------------------------------------------------------------ ending */

EXPORT void _exit(int status) __attribute__((noreturn));
EXPORT void _Exit(int status) __attribute__((noreturn));

static void end(uint64_t next_end, int status) __attribute__((noreturn));

/*
 * exit() runs our destructor; who ends without it comes here. What somebody else does
 * before the end is told after it, where libc's is not seen.
 */
static void end(uint64_t next_end, int status)
{
	if (next_end == 0 || !site_table_sees(SITE_EXIT))
		finish_at_exit(status);
	if (next_end != 0)
		((void (*)(int))next_end)(status);
	for (;;)
		sys_call6(SYS_exit_group, status, 0, 0, 0, 0, 0);
}

EXPORT void _exit(int status)
{
	end(next[NEXT__exit], status);
}

EXPORT void _Exit(int status)
{
	end(next[NEXT__Exit], status);
}
