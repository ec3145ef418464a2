/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_THREAD_STACK_H
#define PRELOAD_THREAD_STACK_H

/*
 * thread_stack - writes to the ledger where the stack of each thread is
 *
 * The kernel gives a thread's stack no name. So with the first call that a thread makes in
 * a segment of the ledger, the thread's stack pointer is written down; whoever wants to see
 * the stack finds the area that the stack pointer was in.
 */

#include <stdint.h>
#include "shim/shim.h"
#include "threads/thread_table.h"
#include "unwind/unwind.h"

/* Writes the stack pointer of @from, unless it is on an alternate signal stack. */
void thread_stack_write(struct thread *self, const struct unwind_regs *from);

/*
 * Writes the stack pointer with the first call of @self, the calling thread, in a segment. With the
 * lock held, before the call is recorded, which was made from @from.
 */
static inline void thread_stack_say(struct thread *self, const struct unwind_regs *from)
{
	if (unlikely(self->stack_said != shim.writer.lap_number))
		thread_stack_write(self, from);
}

/* Lets the next call write the stack pointer again: a fork child has a ledger of its own. */
static inline void thread_stack_forget(struct thread *self)
{
	self->stack_said = 0;
}

#endif
