/* SPDX-License-Identifier: Apache-2.0 */

/* The parts of raw.c that are no functions. */

#if defined(__x86_64__)

	.text
/* For rt_sigreturn, which goes on wherever the program was. */
	.hidden	raw_syscall
	.globl	raw_syscall
raw_syscall:
	syscall
	ud2

/*
 * The first that a new thread or a child of fork runs, on its own stack: below the red
 * zone lies where it goes on, and rax is 0. All but rcx and r11 is kept.
 */
	.hidden	raw_child
	.globl	raw_child
	.type	raw_child, @function
	.balign	16
raw_child:
	.cfi_startproc
	.cfi_undefined rip
	push	%rbp
	mov	%rsp, %rbp
	lahf
	seto	%al
	push	%rax
	push	%r10
	push	%r9
	push	%r8
	push	%rdx
	push	%rsi
	push	%rdi
	and	$-16, %rsp
	call	raw_begin
	lea	-56(%rbp), %rsp
	pop	%rdi
	pop	%rsi
	pop	%rdx
	pop	%r8
	pop	%r9
	pop	%r10
	pop	%rax
	add	$127, %al
	sahf
	pop	%rbp
	pop	%rcx
	lea	128(%rsp), %rsp
	mov	$0, %eax
	jmp	*%rcx
	.cfi_endproc
	.size	raw_child, . - raw_child

	.section .note.GNU-stack, "", @progbits

#endif
