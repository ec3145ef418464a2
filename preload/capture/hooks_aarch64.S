/* SPDX-License-Identifier: Apache-2.0 */

/* syscall(2), the function: see hooks_x86_64.S */

#if defined(__aarch64__)

	.text
	.globl	syscall
	.type	syscall, @function
	.balign	32
syscall:
	.cfi_startproc
	hint	#34			/* bti c */
	cmp	x0, #512
	b.hs	1f
	adrp	x9, hook_syscall_bitmap
	add	x9, x9, :lo12:hook_syscall_bitmap
	lsr	x10, x0, #3
	ldrb	w9, [x9, x10]
	and	w10, w0, #7
	lsr	w9, w9, w10
	tbz	w9, #0, 1f
	b	hook_syscall
1:
	adrp	x16, hook_syscall_next
	ldr	x16, [x16, :lo12:hook_syscall_next]
	cbz	x16, 3f
	br	x16
3:
	mov	x8, x0
	mov	x0, x1
	mov	x1, x2
	mov	x2, x3
	mov	x3, x4
	mov	x4, x5
	mov	x5, x6
	svc	#0
	cmn	x0, #4095
	b.cs	2f
	ret
2:
	b	hook_syscall_failed
	.cfi_endproc
	.size	syscall, . - syscall

	.section .note.GNU-stack, "", @progbits

#endif
