/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNWIND_H
#define UNWIND_H

/*
 * unwind - takes the stack of the calling thread, by unwind tables
 *
 * Made for signal handlers and for hooks inside malloc and the loader: it takes no
 * lock, allocates nothing, calls nothing, uses general registers only, and reads
 * no memory but the thread's own stack, within the bounds it was given. Rules come
 * from a cache; what is not there is asked from the host, who may say no.
 *
 *     pc -> cache -> rule -> CFA, caller's pc, bp, bx -> ...
 *             |
 *             host.rule(): an ELF file's .eh_frame, see cfi.h
 *
 * Code without tables (made at run time, or Go's) is tried by its frame pointer,
 * if what lies there could be a frame; frames found so are marked.
 */

#include <stdbool.h>
#include <stdint.h>
#include <memory_set/memory_set.h>
#include "unwind/unwind_cache.h"

/* The registers that a walk begins with. 0 in @bp or @bx: not known. */
struct unwind_regs {
	uint64_t pc;
	uint64_t sp;
	uint64_t bp;
	uint64_t bx;
};

/*
 * The registers of the caller of the function that this macro stands in, as they will be after
 * the return. Not for an inline function.
 */
#if defined(__x86_64__) || defined(__aarch64__)
/* On aarch64 the frame record is somewhere in the frame; the caller's stack begins above it. */
#define UNWIND_CALLER                                                                              \
	{                                                                                          \
		.pc = (uintptr_t)__builtin_return_address(0),                                      \
		.sp = (uintptr_t)__builtin_frame_address(0) + 16,                                  \
		.bp = *(const uint64_t *)__builtin_frame_address(0),                               \
	}
#else
#define UNWIND_CALLER                                                                              \
	{                                                                                          \
		.pc = (uintptr_t)__builtin_return_address(0)                                       \
	}
#endif

/* What a host says of a stack that it can't look up now. */
#define UNWIND_STACK_BUSY ((struct addr_range){ UINT64_MAX, UINT64_MAX })

/* Why there are no more frames. Equal to enum ledger_stack_end. */
enum unwind_end {
	UNWIND_END_OUTERMOST = 1,
	UNWIND_END_DEPTH = 2,
	UNWIND_END_NO_RULE = 3,
	UNWIND_END_COMPLEX = 4,
	UNWIND_END_MEMORY = 5,
	UNWIND_END_BUSY = 6,
};

#define UNWIND_FRAMES_MAX 64

/*
 * A stack: the return addresses of its frames, and why there are no more.
 *
 * @frames: room for @max of them, the caller's
 * @exact:  frames that were interrupted by a signal: pc is the instruction itself;
 *          in all others it is behind the call
 */
struct unwind_trace {
	uint64_t *frames;
	uint8_t max; /* at most UNWIND_FRAMES_MAX */
	uint8_t n;
	uint8_t end;
	uint64_t exact;
	uint64_t guessed;
	uint64_t hash; /* of the frames */
};

/*
 * The walk's questions about code and stacks, answered by its user. All three may be called from a
 * signal handler.
 *
 * @rule:    the rule for the code at @at, or 0: can't be looked up now. It is the
 *           host who adds it to the cache.
 * @stack:   what can be read at or above @sp without leaving its stack; empty if
 *           nothing is known about it, or UNWIND_STACK_BUSY
 * @is_code: does @at lie in executable memory?
 * @first_sp: where the kernel put sp for the process, or NULL. Code without tables is
 *           outermost there: the loader's own start.
 */
struct unwind_host {
	uint64_t (*rule)(void *context, uint64_t at);
	struct addr_range (*stack)(void *context, uint64_t sp);
	bool (*is_code)(void *context, uint64_t at);
	void *context;
	const uint64_t *first_sp;
	const struct unwind_cache *cache;
};

/*
 * Walks up the stack from @regs, by unwind tables. @first_is_exact: @regs are those of an
 * interrupted instruction.
 */
void unwind_walk(struct unwind_trace *trace, const struct unwind_regs *regs, bool first_is_exact,
		 const struct unwind_host *host);

/* Walks up the stack from @regs, by frame pointers alone: right where all code has them. */
void unwind_walk_frame_pointers(struct unwind_trace *trace, const struct unwind_regs *regs,
				const struct unwind_host *host);

#endif
