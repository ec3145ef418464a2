/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include "base/sys.h"
#include "threads/task.h"
#include "record/thread_stack.h"

static bool is_on_signal_stack(void)
{
	stack_t stack;

	return !shim.confined && sys_sigaltstack(NULL, &stack) == 0 &&
	       (stack.ss_flags & SS_ONSTACK);
}

/* A handler on a stack of its own says nothing about the thread's: a later call will. */
void thread_stack_write(struct thread *self, const struct unwind_regs *from)
{
	if (self == &thread_nobody || shim.writer.header == NULL || is_on_signal_stack())
		return;
	ledger_writer_thread(&shim.writer, task_tid_of(self), from->sp);
	self->stack_said = shim.writer.lap_number;
}
