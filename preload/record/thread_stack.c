/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include "base/sys.h"
#include "threads/task.h"
#include "record/thread_stack.h"

__thread uint64_t thread_stack_said __attribute__((tls_model("initial-exec")));

static bool is_on_signal_stack(void)
{
	stack_t stack;

	return !shim.sandboxed && sys_sigaltstack(NULL, &stack) == 0 &&
	       (stack.ss_flags & SS_ONSTACK);
}

/* A handler on a stack of its own says nothing about the thread's: a later call will. */
void thread_stack_write(const struct unwind_regs *from)
{
	if (shim.writer.header == NULL || is_on_signal_stack())
		return;
	ledger_writer_thread(&shim.writer, task_tid(), from->sp);
	thread_stack_said = shim.writer.lap_number;
}
