/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_HOOKS_H
#define PRELOAD_HOOKS_H

/*
 * hooks - the functions that the shim exports in front of libc's: mmap, munmap and their kin
 *
 * Each is the system call and nothing else; what happens around it is the
 * recorder's business. Only here errno is set, and only when the call failed.
 *
 * Unless the symbol that it hides is somebody else's: a sanitizer's runtime must be told
 * what is mapped, or it sees races and uninitialized memory that are none. Then that one
 * is called, and what it makes of the call is seen in libc.
 *
 * brk() and sbrk() are not here: libc keeps the break in a variable of its own,
 * and whoever replaces the functions breaks it. Their system call is caught at
 * its site.
 */

#include <stdint.h>

/* Finds whom the symbols hide, and are to call. First of all, recorded or not. */
void hooks_find_next(void);

/* Makes the symbols call the kernel themselves from now on, and nobody behind: what libc makes of
 * a call is not seen. */
void hooks_pass_nothing_on(void);

/* Chooses the numbers that syscall() hands to the recorder. */
void hooks_start(void);

/*
 * Of the function syscall(), which is assembly (hooks_x86_64.S, hooks_aarch64.S) because it
 * has no frame of its own: the numbers that are looked at, one bit each, and who makes the
 * other calls. That is another library's syscall(), or libc's, because a program may allow
 * calls from there alone (Syscall User Dispatch); 0: the instruction of the shim's own.
 */
#define HOOKS_HIDDEN __attribute__((visibility("hidden")))
extern uint8_t hook_syscall_bitmap[64] HOOKS_HIDDEN;
extern uint64_t hook_syscall_next HOOKS_HIDDEN;

/* A call whose bit is set, with the arguments of syscall(). Return: as libc, errno included. */
long hook_syscall(long nr, long a, long b, long c, long d, long e, long f) HOOKS_HIDDEN;
/* Another call failed: sets errno. Return: -1. */
long hook_syscall_failed(long result) HOOKS_HIDDEN;

#endif
