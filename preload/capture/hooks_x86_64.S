/* SPDX-License-Identifier: Apache-2.0 */

/*
 * syscall(2), the function
 *
 * The same instructions as libc's, after one look at the number: those that can
 * change the address space go to hook_syscall(), with the arguments where they
 * are; all others to another library's function of this name, if there is one. It must stay assembly: some calls (vfork, clone onto a new stack) come
 * back twice or elsewhere, and a C frame of ours would not survive that.
 */

#if defined(__x86_64__)

	.text
	.globl	syscall
	.type	syscall, @function
	.balign	32
syscall:
	.cfi_startproc
	cmp	$512, %rdi
	jae	1f
	mov	%edi, %eax
	shr	$3, %eax
	lea	hook_syscall_bitmap(%rip), %r11
	movzbl	(%r11, %rax), %eax
	mov	%edi, %r11d
	and	$7, %r11d
	bt	%r11d, %eax
	jc	hook_syscall
1:
	mov	hook_syscall_next(%rip), %r11
	test	%r11, %r11
	jnz	3f
	mov	%rdi, %rax
	mov	%rsi, %rdi
	mov	%rdx, %rsi
	mov	%rcx, %rdx
	mov	%r8, %r10
	mov	%r9, %r8
	mov	8(%rsp), %r9
	syscall
	cmp	$-4095, %rax
	jae	2f
	ret
2:
	mov	%rax, %rdi
	jmp	hook_syscall_failed
3:
	jmp	*%r11
	.cfi_endproc
	.size	syscall, . - syscall

	.section .note.GNU-stack, "", @progbits

#endif
