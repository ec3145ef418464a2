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
#include "unwind/unwind.h"

/* The segment in which the calling thread has said it. Copied by fork. */
extern __thread uint64_t thread_stack_said
	__attribute__((tls_model("initial-exec"), visibility("hidden")));

void thread_stack_write(const struct unwind_regs *from);

/* With the lock held, before a call is recorded that was made from @from. */
static inline void thread_stack_say(const struct unwind_regs *from)
{
	if (unlikely(thread_stack_said != shim.writer.lap_number))
		thread_stack_write(from);
}

/* In a fork child, whose ledger is another one. */
static inline void thread_stack_forget(void)
{
	thread_stack_said = 0;
}

#endif
