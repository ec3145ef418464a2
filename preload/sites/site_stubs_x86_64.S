/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One stub per site, and what they share
 *
 * A stub is jumped to in place of `mov $NR, %eax'. It must look like a system
 * call to the code around it: rax is the result, rcx and r11 may change, and
 * everything else is as it was, flags and vector registers too (the C code
 * behind it uses general registers only). Below rsp the 128 bytes of the red
 * zone belong to the function we are in the middle of.
 *
 *      rsp at the site ->  [ red zone, 128 bytes  ]
 *                          [ where to go on       ]  CFA - 136: the return address
 *                          [ index of the site    ]
 *                  rbp ->  [ rbp of the site      ]
 *                          [ rax: see site_stubs.c]
 *                          [ flags                ]
 *                          [ r9 r8 r10 rdx rsi rdi]  -> struct site_frame
 *
 * To an unwinder this is a frame called from the site: CFA is the site's rsp.
 *
 * Go's goroutines have stacks with a few hundred bytes to spare. Their sites come to
 * site_apart, which makes the frame where it is, and calls on one of a few stacks of
 * our own. (Not so everywhere: a signal handler on top of a hook may need much stack,
 * and has it where the program is. Go's run on stacks of their own.) If none becomes
 * free, the call goes by.
 */

#if defined(__x86_64__)

#define SITE_STUBS 256
#define STUB_SIZE 32
#define STACK_SHIFT 14 /* 16 KiB */
#define STACKS 16
#define PATIENCE 0x40000

	.text
	.hidden	site_stubs
	.globl	site_stubs
	.type	site_stubs, @function
	.balign	STUB_SIZE
site_stubs:
	.cfi_startproc
	.set	index, 0
	.rept	SITE_STUBS
	.balign	STUB_SIZE
	.cfi_def_cfa rsp, 0
	.cfi_undefined rip
	lea	-128(%rsp), %rsp
	.cfi_def_cfa_offset 128
	pushq	site_resume + 8 * index(%rip)
	.cfi_def_cfa_offset 136
	.cfi_offset rip, -136
	pushq	$index
	.cfi_def_cfa_offset 144
	jmp	site_common
	.set	index, index + 1
	.endr
	.cfi_endproc
	.size	site_stubs, . - site_stubs

	.macro make_frame
	.cfi_def_cfa rsp, 144
	.cfi_offset rip, -136
	push	%rbp
	.cfi_def_cfa_offset 152
	.cfi_offset rbp, -152
	mov	%rsp, %rbp
	.cfi_def_cfa_register rbp
	push	%rax
	lahf
	seto	%al
	push	%rax
	push	%r9
	push	%r8
	push	%r10
	push	%rdx
	push	%rsi
	push	%rdi
	mov	%rsp, %rdi
	.endm

	.hidden	site_common
	.globl	site_common
	.type	site_common, @function
	.balign	64
site_common:
	.cfi_startproc
	make_frame
	and	$-16, %rsp
	call	*site_reached(%rip)
site_return:
	mov	%rax, %r11
	mov	%rdx, %rcx
	lea	-64(%rbp), %rsp
	pop	%rdi
	pop	%rsi
	pop	%rdx
	pop	%r10
	pop	%r8
	pop	%r9
	pop	%rax
	/* rcx: 0, or 1 to go on at the syscall instruction, two bytes earlier */
	neg	%rcx
	lea	(%rcx, %rcx), %rcx
	add	16(%rbp), %rcx
	add	$127, %al
	sahf
	mov	%r11, %rax
	lea	8(%rsp), %rsp
	pop	%rbp
	.cfi_def_cfa rsp, 144
	.cfi_restore rbp
	lea	144(%rsp), %rsp
	.cfi_def_cfa_offset 0
	.cfi_register rip, rcx
	jmp	*%rcx
	.cfi_endproc
	.size	site_common, . - site_common

	.hidden	site_apart
	.globl	site_apart
	.type	site_apart, @function
	.balign	64
site_apart:
	.cfi_startproc
	make_frame
	mov	$PATIENCE, %esi
1:	mov	site_stacks_free(%rip), %rax
	bsf	%rax, %rcx
	jz	2f
	mov	%rax, %rdx
	btr	%rcx, %rdx
	lock cmpxchg %rdx, site_stacks_free(%rip)
	jne	1b
	push	%rcx
	inc	%ecx
	shl	$STACK_SHIFT, %rcx
	lea	site_stacks(%rip), %rsp
	add	%rcx, %rsp
	call	*site_reached(%rip)
	mov	-72(%rbp), %rcx
	lock bts %rcx, site_stacks_free(%rip)
	jmp	site_return
2:	pause
	dec	%esi
	jnz	1b
	mov	-8(%rbp), %rax
	mov	$1, %edx
	jmp	site_return
	.cfi_endproc
	.size	site_apart, . - site_apart

	.data
	.balign	8
site_stacks_free:
	.quad	(1 << STACKS) - 1

	.bss
	.balign	4096
site_stacks:
	.skip	STACKS << STACK_SHIFT

	.section .note.GNU-stack, "", @progbits

#endif
