/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_SMALL_STACK_H
#define PRELOAD_SMALL_STACK_H

/*
 * small_stack - hooks need more stack than the system calls they stand for
 *
 * A signal handler may run on an alternate stack of MINSIGSTKSZ, which has room for the
 * kernel's frame and some hundred bytes. The thread's alternate stack is known from its
 * sigaltstack(2); a call that is made on one that is small goes on on one of a few
 * stacks of ours. Signals are blocked meanwhile: another handler's frame would be put
 * at the top of the alternate stack, over the one that called.
 */

#include <stdbool.h>
#include <stdint.h>
#include "threads/thread_table.h"

struct vm_call;
struct unwind_regs;

typedef int64_t (*small_stack_fn)(struct vm_call *call, const struct unwind_regs *from,
				  struct thread *self);

/* The calling thread has set an alternate stack; @size 0: it has none any more. */
void small_stack_set(struct thread *self, uintptr_t start, uintptr_t size);
/* As above, of a thread that the shim has not met before. */
void small_stack_ask(struct thread *self);

/* In a fork child: those who were on the others are not here. */
void small_stack_forget(void);

/* Of thread_nobody, always: then it is looked up before the stack is left. */
static inline bool small_stack_is_here(const struct thread *self)
{
	const struct small_stack *stack = &self->small_stack;

	return (uintptr_t)__builtin_frame_address(0) - stack->start < stack->size;
}

/* @fn(@call, @from, @self) on a stack of ours. False: there is none, or no need for one. */
bool small_stack_leave(small_stack_fn fn, struct vm_call *call, const struct unwind_regs *from,
		       struct thread *self);

#endif
