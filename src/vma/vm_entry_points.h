/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMA_VM_ENTRY_POINTS_H
#define VMA_VM_ENTRY_POINTS_H

/*
 * vm_entry_points - every way in which an address space changes, or the meaning of
 * later changes does: system calls, and what the kernel does by itself
 *
 * One row per way. `mapledger help coverage' prints the table, the README contains
 * it, and a fence holds the README to it and looks for each test that is named.
 * Not part of the shim.
 */

#include <stddef.h>
#include "vma/vm_call.h"

#define VM_ENTRY_OPS_MAX 8

/* How a change becomes known. */
enum vm_capture {
	VM_CAPTURE_CALL,     /* a call: symbols, syscall(), instructions, and with --raw the rest */
	VM_CAPTURE_SOME,     /* a call, recorded when its arguments concern memory */
	VM_CAPTURE_SITE,     /* a call that has no symbol of libc's: as above, but for that */
	VM_CAPTURE_CHILD,    /* the child notices itself, and reads its map */
	VM_CAPTURE_ASKED,    /* no call: asked from the kernel before anything is made of it */
	VM_CAPTURE_COMPARED, /* no call of this process: found by comparing, and named */
	VM_CAPTURE_HIDDEN,   /* no map shows it */
	VM_CAPTURE_COUNT,
};

/*
 * @way:     what is called, or happens
 * @ops:     the operations that record it; VM_OP_NONE ends the list
 * @effect:  what it does to the set
 * @failure: what a failure leaves behind, and what is made of it
 * @test:    "file function", below tests/; several are joined by ", "
 */
struct vm_entry_point {
	const char *way;
	uint8_t ops[VM_ENTRY_OPS_MAX];
	uint8_t capture;
	const char *effect;
	const char *failure;
	const char *test;
};

extern const struct vm_entry_point vm_entry_points[];
extern const size_t vm_n_entry_points;

/* A few words, and a sentence for the legend. */
const char *vm_capture_name(unsigned capture);
const char *vm_capture_text(unsigned capture);

#endif
