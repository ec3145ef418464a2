/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The way back from a signal handler. Unwinders know the end of a signal frame by
 * these very bytes.
 */

#if defined(__x86_64__)

	.text
	.hidden	fault_return
	.globl	fault_return
	.type	fault_return, @function
	nop
fault_return:
	mov	$15, %rax
	syscall
	.size	fault_return, . - fault_return

	.section .note.GNU-stack, "", @progbits

#endif
