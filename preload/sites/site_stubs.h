/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_SITE_STUBS_H
#define PRELOAD_SITE_STUBS_H

/*
 * site_stubs - the code that a patched call site jumps to
 *
 * A stub saves the registers, tells which site it is by an index, calls site_reached, and
 * goes on behind the site's `syscall' with the answer in rax: or at it, when the call is to
 * be made by the program's own instruction.
 */

#include <stdbool.h>
#include <stdint.h>
#include <memory_set/memory_set.h>
#include "sites/site_judge.h"

#define SITE_STUBS 256 /* stubs in the shim's own text */

/* Bytes below the stack pointer that are the function's own: the frame begins under them. */
#define SITE_RED_ZONE 128

/* What a stub leaves on the stack, from the top. */
struct site_frame {
	uint64_t args[6]; /* rdi rsi rdx r10 r8 r9 */
	uint64_t flags;
	uint64_t rax; /* the number, where the site's stub is a generated one */
	uint64_t rbp;
	uint64_t index;
	uint64_t resume; /* behind the syscall instruction */
};

/* What a stub does next, in rax and rdx. */
struct site_answer {
	int64_t rax;
	int64_t original; /* 1: run the site's own syscall instruction, with this rax */
};

/*
 * The one function that all stubs call, in general registers, on the program's stack or, for
 * Go's code, on one of the shim's. Set before the first site is patched: this room does not
 * know what is done with a call.
 */
typedef struct site_answer site_reached_fn(const struct site_frame *frame);
extern site_reached_fn *site_reached __attribute__((visibility("hidden")));

/*
 * Makes a stub that @plan's jump can reach; @addr is where the jump will be, @index what the
 * stub tells site_reached, @mem from code_memory_open(). Return: its address; 0: none can be had.
 */
uint64_t site_stub(const struct site_plan *plan, uint64_t addr, uint32_t index, int mem);
/* Gives the memory of a stub back. No jump leads there any more. */
void site_stub_free(uint64_t stub);
/* Tells the address of the code that all stubs end in, for a frame made by hand. */
uint64_t site_entry(void);

#endif
