/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_THREAD_STACK_H
#define PRELOAD_THREAD_STACK_H

/*
 * thread_stack - where the stack of each thread is
 *
 * The kernel gives a thread's stack no name. So with the first call that a thread makes in
 * a segment of the ledger its stack pointer is written down; whoever wants to see the stack
 * finds the area that it was in.
 */

#include <stdint.h>
#include "shim/shim.h"
#include "threads/thread_table.h"
#include "unwind/unwind.h"

void thread_stack_write(struct thread *self, const struct unwind_regs *from);

/* With the lock held, before a call is recorded that @self, the calling thread, made from @from. */
static inline void thread_stack_say(struct thread *self, const struct unwind_regs *from)
{
	if (unlikely(self->stack_said != shim.writer.lap_number))
		thread_stack_write(self, from);
}

/* In a fork child, whose ledger is another one. */
static inline void thread_stack_forget(struct thread *self)
{
	self->stack_said = 0;
}

#endif
