/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_LEDGER_GROUPS_H
#define LEDGER_LEDGER_GROUPS_H

/*
 * ledger_groups - write what takes more than one record, and notes
 */

#include "ledger/ledger_format.h"
#include "ledger/ledger_trace.h"
#include "vma/vm_object.h"

struct ledger_writer;

/* Writes an object and its name. Needs room for ledger_object_records(). */
void ledger_writer_object(struct ledger_writer *writer, uint32_t id,
			  const struct vm_object *object);
/* Return: how many records ledger_writer_object() takes for this object. */
uint32_t ledger_object_records(const struct vm_object *object);

/*
 * Writes the head of a group: a range was read back from the kernel. @n_areas calls of
 * ledger_writer_area() must follow at once. Needs room for all of them.
 */
void ledger_writer_resync(struct ledger_writer *writer, unsigned reason, struct addr_range range,
			  uint64_t event, uint32_t n_areas);
/* Writes one of the areas of the group before it. */
void ledger_writer_area(struct ledger_writer *writer, const struct memory_area *area);

/* Writes a stack, before the first call of its segment that refers to it. Needs room for
 * ledger_trace_records(). At most LEDGER_STACK_FRAMES_MAX frames. */
void ledger_writer_stack(struct ledger_writer *writer, const struct ledger_trace *trace);

/* Writes where a thread's stack is; makes its own room. */
void ledger_writer_thread(struct ledger_writer *writer, uint32_t tid, uint64_t sp);

/* Writes a note, a sentence; makes its own room, so as ledger_writer_room() it may begin a segment.
 */
void ledger_writer_note(struct ledger_writer *writer, enum ledger_note_kind kind,
			const char *sentence);

#endif
