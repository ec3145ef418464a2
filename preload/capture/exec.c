/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include "base/sys.h"
#include "capture/exec.h"
#include "record/recorder.h"
#include "shim/shim.h"

int64_t exec_call(struct vm_call *call, const struct unwind_regs *from)
{
	int64_t result;
	bool said;

	if (shim.live && !shim.confined && !shim_not_begun() && (uint32_t)sys_getpid() == shim.pid)
		return recorder_call(call, from);
	/* Behind the filter the new program is not recorded, and this is the last that can say so.
	 */
	said = shim.live && shim.confined && *shim.fork_mark != 0 && shim.writer.header != NULL;
	if (said)
		shim.writer.header->exec_error = -EPERM;
	result = sys_call_with(vm_op_info(call->op)->nr, call->args);
	if (said)
		shim.writer.header->exec_error = 0;
	return result;
}
