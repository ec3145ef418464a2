/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include "base/sys.h"
#include "record/child.h"
#include "record/perform.h"
#include "record/recorder_state.h"
#include "shim/shim.h"

int64_t perform_call(struct vm_call *call)
{
	call->result = sys_call_with(vm_op_info(call->op)->nr, call->args);
	if (unlikely(call->op == VM_OP_IO_SETUP))
		vm_call_learn(call);
	return call->result;
}

/*
 * While the owner is in the kernel its set is whole and the lock may be taken over,
 * or, after a fork, the returning thread may be the child's. Either way the
 * answer is the program's, and recording it is somebody else's business.
 */
int64_t perform_for_space(void *context, struct vm_call *call)
{
	uint64_t mine;

	(void)context;
	if (recorder.replaying)
		return call->result;
	mine = lock_enter_kernel(&recorder.lock);
	perform_call(call);
	if (unlikely(shim_is_new_child())) {
		child_notice();
		return -EOWNERDEAD;
	}
	if (unlikely(!lock_leave_kernel(&recorder.lock, mine)))
		return -EOWNERDEAD;
	return call->result;
}
