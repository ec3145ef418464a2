/* SPDX-License-Identifier: Apache-2.0 */

/* Room for what gadgets.c writes: in the shim's own text, so that no mapping comes with it. */

#if defined(__x86_64__)

#define GADGETS 128
#define GADGET_SIZE 64

	.text
	.hidden	gadgets
	.globl	gadgets
	.balign	4096
gadgets:
	.fill	GADGETS * GADGET_SIZE, 1, 0xcc

	.section .note.GNU-stack, "", @progbits

#endif
