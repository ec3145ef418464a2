/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_EXEC_H
#define PRELOAD_EXEC_H

/*
 * exec - another program takes the place of this one
 */

#include <stdint.h>
#include "unwind/unwind.h"
#include "vma/vm_call.h"

/* As recorder_call(), for VM_OP_EXEC and VM_OP_EXECVEAT; also in children of vfork. */
int64_t exec_call(struct vm_call *call, const struct unwind_regs *from);

#endif
