/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_SITE_JUDGE_H
#define PRELOAD_SITE_JUDGE_H

/*
 * site_judge - decides whether the bytes in front of a syscall instruction may be overwritten
 *
 * The two bytes 0f 05 may be data, or the middle of something else. So the function
 * around them is walked from its start (or, where no table says where that is, from
 * where all ways to decode agree), and a plan is made only if
 *
 *   - the walk meets the syscall as an instruction, and never met bytes that are none;
 *   - jumps and fallthrough lead there; or it can't be told, because the function has a
 *     switch or catches or its start is not known, and `mov $NR, %eax' is in front, or a
 *     comparison of the result with the errors behind;
 *   - an instruction of five bytes or more is near in front of it, which a jump can take
 *     the place of, and all instructions from there on can run elsewhere;
 *   - no jump of the function leads into the bytes of the jump.
 *
 *     48 89 df          mov %rbx, %rdi
 *     b8 09 00 00 00    mov $9, %eax    <- begin: becomes jmp stub
 *     41 89 c0          mov %eax, %r8d     the stub runs both,
 *     0f 05             syscall         <- and comes back here, or behind it
 *
 * As only one instruction is overwritten, a thread is never found inside of what
 * changes. Several are taken where one is too short, and then only in functions that
 * nothing but their own jumps can enter: see is_closed().
 */

#include "sites/site_text.h"

#define SITE_JUMP_SIZE 5  /* bytes: jmp rel32 */
#define SITE_COPY_MAX  40 /* bytes */

enum site_verdict {
	SITE_GOOD,
	SITE_NO_CODE,  /* not an instruction */
	SITE_UNWANTED, /* a system call that changes no map */
	SITE_UNPROVEN, /* a number is in front, but the bytes may be no instructions */
	SITE_TIGHT,    /* no instruction near in front that a jump could take the place of */
};

/*
 * @begin:  of what is overwritten, and of what is copied (offset in the file)
 * @n_copy: bytes to copy: from there up to the syscall
 * @nr:     the system call's number; SITE_ANY_NR: known at run time only
 * @apart:  the code's stack may be a small one
 * @plain:  what is copied is `mov $NR, %eax' alone
 * @rip_at: places in the copy of displacements that are relative to rip, and the end of
 *          the instruction, which they are relative to
 */
#define SITE_ANY_NR   UINT32_MAX
#define SITE_RIPS_MAX 4

struct site_plan {
	uint64_t begin;
	uint32_t nr;
	uint8_t n_copy;
	uint8_t n_rips;
	bool plain;
	bool apart; /* to be served on another stack */
	uint8_t rip_at[SITE_RIPS_MAX];
	uint8_t rip_end[SITE_RIPS_MAX];
	uint8_t bytes[SITE_COPY_MAX + 2]; /* the copy and the syscall */
};

/* How much of the code's whereabouts is believed. */
enum site_trust {
	SITE_PROVE, /* any file */
	SITE_TRUST, /* libc and the loader: `mov $NR, %eax; syscall' is what it looks like */
};

/* Judges the bytes 0f 05 at @offset of the file. Return: SITE_GOOD, and @plan says what to do;
 * or why not, and @plan has the number as far as it is known. */
enum site_verdict site_judge(struct site_text *text, uint64_t offset, enum site_trust trust,
			     struct site_plan *plan);

#endif
