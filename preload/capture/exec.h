/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_EXEC_H
#define PRELOAD_EXEC_H

/*
 * exec - records execve and execveat, by which another program takes the place of this one
 *
 * Recorded like every call, with the lock held: begun, and never completed if it
 * succeeds, for then this memory is gone with all threads that might want the lock.
 * The new program opens a ledger of its own, and the command finds it by the pid.
 *
 * A child of vfork shares this memory, and its exec ends nothing here: it would take
 * the lock with it. A child of fork has no ledger before its first call, and this is
 * none that would be worth one. Neither is recorded.
 */

#include <stdint.h>
#include "unwind/unwind.h"
#include "vma/vm_call.h"

/* Makes a call of VM_OP_EXEC or VM_OP_EXECVEAT as recorder_call() does; also in children of vfork.
 */
int64_t exec_call(struct vm_call *call, const struct unwind_regs *from);

#endif
