/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_X86_INSN_H
#define PRELOAD_X86_INSN_H

/*
 * x86_insn - decodes how long an x86-64 instruction is, and where it leads
 *
 * Just enough to walk a function from its start: lengths, direct jumps, and
 * operands relative to the instruction pointer. What compilers never emit for a
 * program (privileged instructions, those that 64-bit mode has not) is taken for
 * no instruction at all, because then the bytes are most likely data.
 */

#include <stddef.h>
#include <stdint.h>

enum x86_flow {
	X86_NEXT,     /* goes on behind it */
	X86_SYSCALL,  /* likewise */
	X86_CALL,     /* a call: likewise, but it can't be copied elsewhere */
	X86_BRANCH,   /* conditional: behind it, or to the target */
	X86_JUMP,     /* to the target */
	X86_INDIRECT, /* a jump to somewhere else */
	X86_STOP,     /* never behind it: ret, ud2, hlt, int3 */
};

/*
 * @len:    0: no instruction
 * @flow:   enum x86_flow
 * @rip_at: the place, in the instruction, of a displacement of 4 bytes that is
 *          relative to its end; 0: has none
 * @target: X86_BRANCH, X86_JUMP: relative to the end
 */
struct x86_insn {
	uint8_t len;
	uint8_t flow;
	uint8_t rip_at;
	int32_t target;
};

/* Decodes what is at @code, looking at no more than @size bytes. */
void x86_decode(const unsigned char *code, size_t size, struct x86_insn *insn);

#endif
