/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_SMALL_STACK_H
#define PRELOAD_SMALL_STACK_H

/*
 * small_stack - a hook called on a small alternate signal stack runs on a stack of the shim's
 *
 * Hooks need more stack than the system calls they stand for. A signal handler may run
 * on an alternate stack of MINSIGSTKSZ, which has room for the kernel's frame and some
 * hundred bytes. The thread's alternate stack is known from its sigaltstack(2); a call
 * that is made on a small one goes on on one of a few stacks of ours. Signals are
 * blocked meanwhile: another handler's frame would be put at the top of the alternate
 * stack, over the one that called.
 */

#include <stdbool.h>
#include <stdint.h>
#include "threads/thread_table.h"

struct vm_call;
struct unwind_regs;

typedef int64_t (*small_stack_fn)(struct vm_call *call, const struct unwind_regs *from,
				  struct thread *self);

/* Keeps where the alternate stack is that @self, the calling thread, has set; @size 0: none. */
void small_stack_set(struct thread *self, uintptr_t start, uintptr_t size);
/* Asks the kernel where the alternate stack is of @self, the calling thread. */
void small_stack_ask(struct thread *self);

/* Frees the shim's stacks in a fork child: the parent's threads that were on them are not here. */
void small_stack_forget(void);

/*
 * Is the calling thread, @self, on a small alternate stack? True for thread_nobody, always:
 * small_stack_leave() asks the kernel then.
 */
static inline bool small_stack_is_here(const struct thread *self)
{
	const struct small_stack *stack = &self->small_stack;

	return (uintptr_t)__builtin_frame_address(0) - stack->start < stack->size;
}

/*
 * Calls @fn(@call, @from, @self) on a stack of the shim's. False: not called, because no stack is
 * free or none is needed.
 */
bool small_stack_leave(small_stack_fn fn, struct vm_call *call, const struct unwind_regs *from,
		       struct thread *self);

#endif
