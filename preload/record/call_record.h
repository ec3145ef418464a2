/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_CALL_RECORD_H
#define PRELOAD_CALL_RECORD_H

/*
 * call_record - the record of one call in the ledger, with the stack that made it
 *
 * A record is begun before its call is made and completed after, so that a process that is
 * killed shows the call in flight. All with the recorder's lock held.
 */

#include "ledger/ledger_writer.h"
#include "unwind/unwind.h"
#include "vma/vm_call.h"
#include "vma/vm_space.h"

/* Begins the record of @call, behind that of its stack. NULL: the ledger has no room. */
struct ledger_call *call_record_begin(struct vm_call *call, const struct unwind_trace *trace);

/* Completes @record, or counts the call as not recorded where that is NULL. */
void call_record_finish(struct ledger_call *record, struct vm_call *call);

/* Writes the whole record of a call that was made before. */
void call_record_write_made(struct vm_call *call, const struct unwind_trace *trace);

/* Applies a call that was made before to the map. */
void call_record_apply_made(struct vm_call *call, struct vm_doubts *doubts);

#endif
