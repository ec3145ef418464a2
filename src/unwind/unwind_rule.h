/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNWIND_RULE_H
#define UNWIND_RULE_H

/*
 * unwind_rule - how to get from one stack frame to its caller's, packed into one word
 *
 * What unwind tables say about an instruction, packed so that a cache of rules can
 * be read without a lock. The CFA is the stack pointer as it will be when this
 * frame has returned; everything that was saved is found from there.
 *
 *     63          48 47          32 31               8 7    4 3    0
 *     [ bx or pc    | bp           | offset            | bits | kind ]
 *
 * @offset: signed, in bytes, from whatever @kind names
 * @bp, @bx: where the caller's are, in words from the CFA (or from bp), or
 *           UNWIND_SAME, or UNWIND_LOST
 *
 * Only what compilers make of ordinary functions fits. Of the registers that a
 * callee saves, bp and bx are followed, because a CFA may hang on them.
 */

#include <stdint.h>

enum unwind_kind {
	UNWIND_NONE = 0,  /* not looked up yet */
	UNWIND_SP,	  /* CFA = sp + offset */
	UNWIND_BP,	  /* CFA = bp + offset */
	UNWIND_BX,	  /* CFA = bx + offset */
	UNWIND_AT_BP,	  /* CFA = the word at bp + offset: functions that align their stack */
	UNWIND_SIGNAL,	  /* what a handler returns to: everything is in the ucontext at sp */
	UNWIND_OUTERMOST, /* nothing called this */
	UNWIND_GUESS,	  /* no table knows this code */
	UNWIND_COMPLEX,	  /* a table does, but its rule is of a kind not among these */
	UNWIND_NO_CODE,	  /* nothing that could run is there */
};

#define UNWIND_SAME		INT16_MAX /* as in this frame */
#define UNWIND_LOST		INT16_MIN

#define UNWIND_BIT_PC_ELSEWHERE 0x10u /* the @bx field is about pc, and bx is the same */
#define UNWIND_BIT_FROM_BP	0x20u /* the @bp and @bx fields count from bp */

static inline uint64_t unwind_rule(enum unwind_kind kind, unsigned bits, int64_t offset, int bp,
				   int bx)
{
	return (uint64_t)kind | bits | ((uint64_t)offset & 0xffffff) << 8 |
	       (uint64_t)(uint16_t)bp << 32 | (uint64_t)(uint16_t)bx << 48;
}

static inline enum unwind_kind unwind_rule_kind(uint64_t rule)
{
	return (enum unwind_kind)(rule & 0xf);
}

static inline int64_t unwind_rule_offset(uint64_t rule)
{
	return (int64_t)(rule << 32) >> 40;
}

static inline int unwind_rule_bp(uint64_t rule)
{
	return (int16_t)(rule >> 32);
}

static inline int unwind_rule_bx(uint64_t rule)
{
	return (int16_t)(rule >> 48);
}

#endif
