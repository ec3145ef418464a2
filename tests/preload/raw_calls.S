/* SPDX-License-Identifier: Apache-2.0 */

/*
 * mprotect, in the ways that programs enter the kernel without libc; and bytes that
 * only look like it. Each is a function of its own with unwind information, as a
 * compiler would write it, but for raw_by_symbol, which has a symbol's size alone, and
 * raw_checked, which has not even that.
 */

#if defined(__x86_64__)

#define MPROTECT 10

.macro begin name
	.globl	\name
	.type	\name, @function
	.balign	16
\name:
	.cfi_startproc
.endm

.macro end name
	.cfi_endproc
	.size	\name, . - \name
.endm

/* The first argument is the number, the others are the call's, but for the last. */
.macro shift_arguments
	mov	%rdi, %rax
	mov	%rsi, %rdi
	mov	%rdx, %rsi
	mov	%rcx, %rdx
	mov	%r8, %r10
	mov	%r9, %r8
.endm

	.text

begin raw_in_front
	mov	$MPROTECT, %eax
	syscall
	ret
end raw_in_front

/* As Go's assembler writes it: 48 c7 c0 and four bytes. */
begin raw_go
	.byte	0x48, 0xc7, 0xc0
	.long	MPROTECT
	syscall
	ret
end raw_go

/* A compiler may set other registers behind the number. */
begin raw_between
	mov	$MPROTECT, %eax
	mov	%rsi, %r8
	xor	%r9d, %r9d
	syscall
	ret
end raw_between

/* An instruction that has to be corrected when it runs elsewhere. */
begin raw_from_memory
	mov	number(%rip), %eax
	syscall
	ret
end raw_from_memory

/* No instruction is long enough for a jump. */
begin raw_short
	push	$MPROTECT
	pop	%rax
	mov	%rdi, %r8
	syscall
	ret
end raw_short

/* The number is an argument, as in Go's Syscall6 and libc's syscall(). */
begin raw_any
	shift_arguments
	mov	8(%rsp), %r9
	syscall
	ret
end raw_any

/* The flags and the red zone are as they were: 0 if so, else a bit for each that is not. */
begin raw_keeps
	movq	$0x1234567, -8(%rsp)
	movq	$0x7654321, -128(%rsp)
	mov	$1, %ecx
	cmp	$2, %ecx
	mov	$MPROTECT, %eax
	syscall
	setae	%al
	movzbl	%al, %eax
	cmpq	$0x1234567, -8(%rsp)
	setne	%cl
	cmpq	$0x7654321, -128(%rsp)
	setne	%dl
	shl	$1, %cl
	shl	$2, %dl
	or	%cl, %al
	or	%dl, %al
	ret
end raw_keeps

/* No unwind information. */
	.globl	raw_by_symbol
	.type	raw_by_symbol, @function
	.balign	16
raw_by_symbol:
	mov	$MPROTECT, %eax
	syscall
	ret
	.size	raw_by_symbol, . - raw_by_symbol

/*
 * As in Free Pascal's runtime: no table says where it begins, no number is in front. That the
 * result is compared with the errors says that it is code.
 */
	.globl	raw_checked
	.balign	16
raw_checked:
	push	%rbp
	mov	%rsp, %rbp
	lea	-16(%rsp), %rsp
	shift_arguments
	mov	16(%rbp), %r9
	syscall
	cmp	$-4095, %rax
	jb	1f
	mov	%rax, -8(%rbp)
1:	leave
	ret

/* ------------------------------------------------------------ must stay as they are */

/* Between two parts of a function that has a jump over it. */
	.globl	raw_decoy_data
begin raw_decoy
	movabs	$0x050f0000000ab8, %rax
	jmp	1f
raw_decoy_data:
	.byte	0xb8, MPROTECT, 0, 0, 0, 0x0f, 0x05
1:	ret
end raw_decoy

/* A loop leads between the two short instructions in front. */
begin raw_decoy_loop
	mov	$2, %r8d
	mov	$MPROTECT, %r9d
	jmp	2f
1:	mov	%r9d, %eax
2:	mov	%r9d, %eax
	syscall
	dec	%r8d
	jnz	1b
	ret
end raw_decoy_loop
	.globl	raw_decoy_loop_end
raw_decoy_loop_end:

	.section .rodata
	.balign	4
number:	.long	MPROTECT

	.section .note.GNU-stack, "", @progbits

#endif
