/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A system call site as the stubs see one: every register, the flags and the
 * red zone hold something, and afterwards all of it is written down.
 *
 * stub_harness(stub, before, after): struct machine is
 *	0 rax, 8 rbx, 16 rcx, 24 rdx, 32 rsi, 40 rdi, 48 rbp, 56 r8 ... 112 r15,
 *	120 flags, 128 red zone (16 words)
 */

#if defined(__x86_64__)

	.data
	.balign 8
harness_before:		.quad 0
harness_after:		.quad 0
harness_stub:		.quad 0
harness_rsp:		.quad 0
harness_rax:		.quad 0
	.globl	harness_resume
harness_resume:		.quad resumed

	.text
	.globl	stub_harness
	.type	stub_harness, @function
stub_harness:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rdi, harness_stub(%rip)
	mov	%rsi, harness_before(%rip)
	mov	%rdx, harness_after(%rip)
	mov	%rsp, harness_rsp(%rip)

	mov	%rsi, %rax
	xor	%ecx, %ecx
1:	mov	128(%rax, %rcx, 8), %rdx
	lea	-128(%rsp), %rbx
	mov	%rdx, (%rbx, %rcx, 8)
	inc	%ecx
	cmp	$16, %ecx
	jne	1b

	/* popf reads from below rsp: keep it clear of the red zone */
	lea	-256(%rsp), %rsp
	push	120(%rax)
	popf
	lea	256(%rsp), %rsp

	mov	8(%rax), %rbx
	mov	16(%rax), %rcx
	mov	24(%rax), %rdx
	mov	32(%rax), %rsi
	mov	40(%rax), %rdi
	mov	48(%rax), %rbp
	mov	56(%rax), %r8
	mov	64(%rax), %r9
	mov	72(%rax), %r10
	mov	80(%rax), %r11
	mov	88(%rax), %r12
	mov	96(%rax), %r13
	mov	104(%rax), %r14
	mov	112(%rax), %r15
	jmp	*harness_stub(%rip)

	/* resume - 2: "go on at the syscall instruction" lands here */
	nop
	nop
	.globl	resumed
	.hidden	resumed
resumed:
	mov	%rax, harness_rax(%rip)
	mov	harness_after(%rip), %rax
	mov	%rbx, 8(%rax)
	mov	%rcx, 16(%rax)
	mov	%rdx, 24(%rax)
	mov	%rsi, 32(%rax)
	mov	%rdi, 40(%rax)
	mov	%rbp, 48(%rax)
	mov	%r8, 56(%rax)
	mov	%r9, 64(%rax)
	mov	%r10, 72(%rax)
	mov	%r11, 80(%rax)
	mov	%r12, 88(%rax)
	mov	%r13, 96(%rax)
	mov	%r14, 104(%rax)
	mov	%r15, 112(%rax)
	mov	harness_rax(%rip), %rcx
	mov	%rcx, (%rax)
	lea	-256(%rsp), %rsp
	pushf
	pop	120(%rax)
	lea	256(%rsp), %rsp
	xor	%ecx, %ecx
2:	lea	-128(%rsp), %rbx
	mov	(%rbx, %rcx, 8), %rdx
	mov	%rdx, 128(%rax, %rcx, 8)
	inc	%ecx
	cmp	$16, %ecx
	jne	2b
	mov	%rsp, %rax
	sub	harness_rsp(%rip), %rax
	mov	harness_rsp(%rip), %rsp
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret
	.size	stub_harness, . - stub_harness

/* As a generated stub of Go's code would come to it. */
	.globl	apart_stub
apart_stub:
	lea	-128(%rsp), %rsp
	lea	resumed(%rip), %r11
	push	%r11
	push	$77
	jmp	site_apart

	.section .note.GNU-stack, "", @progbits

#endif
