/* SPDX-License-Identifier: Apache-2.0 */
#include "map/map.h"
#include "map/own_memory.h"
#include "record/call_record.h"
#include "record/recorder_state.h"
#include "shim/shim.h"
#include "stacks/stack_table.h"
#include "vma/vm_apply.h"

#define ROOM_FOR_CALL 4 /* records */

struct ledger_call *call_record_begin(struct vm_call *call, const struct unwind_trace *trace)
{
	struct stack_entry *stack = stack_table_find(trace);

	if (!ledger_writer_room(&shim.writer, ROOM_FOR_CALL + stack_table_records(stack)))
		return NULL;
	call->stack = stack_table_write(&shim.writer, stack);
	return ledger_writer_begin_call(&shim.writer, call);
}

void call_record_finish(struct ledger_call *record, struct vm_call *call)
{
	if (record == NULL) {
		if (shim.writer.header != NULL)
			shim.writer.header->n_unrecorded++;
		return;
	}
	record->result = call->result;
	if (unlikely(call->op == VM_OP_IO_SETUP))
		record->arg = call->args[2]; /* learned in the call */
	ledger_writer_done(&shim.writer, record);
}

void call_record_write_made(struct vm_call *call, const struct unwind_trace *trace)
{
	struct ledger_call *record;

	vm_space_reserve(&map.space, VM_APPLY_GROWTH);
	own_memory_update();
	record = call_record_begin(call, trace);
	if (record == NULL)
		return;
	record->result = call->result;
	ledger_writer_done(&shim.writer, record);
}

void call_record_apply_made(struct vm_call *call, struct vm_doubts *doubts)
{
	recorder.replaying = true;
	vm_apply(&map.space, call, doubts);
	recorder.replaying = false;
}
