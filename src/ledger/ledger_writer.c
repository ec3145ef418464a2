/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Appending records to the newest segment, and beginning a new one with a checkpoint
 */

#include <linux/mman.h>
#include <linux/personality.h>
#include <linux/prctl.h>
#include "base/clock.h"
#include "ledger/ledger_window.h"
#include "ledger/ledger_writer.h"

static bool stop(struct ledger_writer *writer, enum ledger_end end)
{
	ledger_writer_finish(writer, end, 0);
	writer->stopped = true;
	writer->ready = 0;
	return false;
}

/* The next begin in this segment returns NULL; next_segment() decides what becomes of it. */
static bool fail(struct ledger_writer *writer, enum ledger_end why)
{
	writer->failure = why;
	writer->ready = 0;
	return false;
}

static bool make_ready(struct ledger_writer *writer, uint32_t n_records)
{
	uint64_t need = (uint64_t)n_records * LEDGER_RECORD_SIZE;
	enum ledger_end why = ledger_window_make_ready(writer, writer->next + need);

	return why == LEDGER_END_OPEN || fail(writer, why);
}

static uint64_t slot_offset(const struct ledger_writer *writer, uint64_t slot)
{
	return LEDGER_HEADER_SIZE + slot * writer->segment_size;
}

static uint64_t slot_of_segment(const struct ledger_writer *writer)
{
	return (writer->segment_offset - LEDGER_HEADER_SIZE) / writer->segment_size;
}

/*
 * A group that did not fit leaves records of earlier laps behind it. They are
 * unmarked now, because the lap bits come round again after 64 laps.
 */
static void wipe_rest(struct ledger_writer *writer)
{
	if (writer->lap_number <= writer->n_segments)
		return;
	while (writer->next < ledger_segment_end(writer)) {
		if (writer->next >= writer->ready && !make_ready(writer, 1))
			return;
		ledger_writer_mark(ledger_writer_place(writer), 0);
	}
}

static bool write_head(struct ledger_writer *writer)
{
	struct ledger_segment *segment = ledger_writer_begin(writer, LEDGER_SEGMENT);
	struct clock_pair now;

	if (segment == NULL)
		return false;
	now = clock_pair_now();
	segment->lap = writer->lap_number;
	segment->first_event = writer->n_events + 1;
	segment->ticks = now.ticks;
	segment->monotonic_ns = now.monotonic_ns;
	segment->brk = writer->brk;
	segment->personality = writer->personality;
	segment->facts = writer->facts;
	segment->start_brk = writer->start_brk;
	ledger_writer_done(writer, segment);
	return true;
}

/* Begin the segment in a slot, with its checkpoint. Return: LEDGER_END_OPEN, or why not. */
static enum ledger_end begin_segment(struct ledger_writer *writer, uint64_t slot)
{
	writer->segment_offset = slot_offset(writer, slot);
	writer->next = writer->segment_offset;
	writer->ready = 0;
	writer->failure = LEDGER_END_OPEN;
	writer->lap_number++;
	writer->lap = (uint8_t)writer->lap_number;
	writer->in_checkpoint = true;
	if (write_head(writer)) {
		writer->header->segment_lap = writer->lap_number;
		if (writer->checkpoint != NULL && writer->lap_number > 1)
			writer->checkpoint(writer->context, writer);
	}
	writer->in_checkpoint = false;
	return (enum ledger_end)writer->failure;
}

/* The disk is full in this slot: use only those before it, if there are enough. */
static bool give_up_slot(struct ledger_writer *writer)
{
	uint64_t slot = slot_of_segment(writer);

	if (slot < 2)
		return false;
	writer->n_segments = (uint32_t)slot;
	return true;
}

static bool next_segment(struct ledger_writer *writer)
{
	enum ledger_end end;

	for (;;) {
		end = begin_segment(writer, (slot_of_segment(writer) + 1) % writer->n_segments);
		if (end == LEDGER_END_OPEN)
			return true;
		if (end != LEDGER_END_DISK_FULL || !give_up_slot(writer))
			return stop(writer, end);
	}
}

static bool leave_segment(struct ledger_writer *writer)
{
	wipe_rest(writer);
	return next_segment(writer);
}

static bool advance_in_checkpoint(struct ledger_writer *writer)
{
	if (writer->failure != LEDGER_END_OPEN)
		return false;
	if (writer->next >= ledger_segment_end(writer))
		return fail(writer, LEDGER_END_TOO_BIG);
	return make_ready(writer, 1);
}

bool ledger_writer_advance(struct ledger_writer *writer)
{
	if (writer->header == NULL || writer->stopped)
		return false;
	if (writer->in_checkpoint)
		return advance_in_checkpoint(writer);
	if (writer->next >= ledger_segment_end(writer) && !leave_segment(writer))
		return false;
	if (writer->next >= ledger_segment_end(writer)) /* its checkpoint filled it */
		return stop(writer, LEDGER_END_TOO_BIG);
	if (writer->next < writer->ready || make_ready(writer, 1))
		return true;
	/* Perhaps in the middle of a group: no time for a checkpoint. */
	return stop(writer, (enum ledger_end)writer->failure);
}

static bool fits(const struct ledger_writer *writer, uint32_t n_records)
{
	return writer->next + (uint64_t)n_records * LEDGER_RECORD_SIZE <=
	       ledger_segment_end(writer);
}

/* No room at writer->next, outside a checkpoint: go on in older segments. */
static bool recover(struct ledger_writer *writer)
{
	if (writer->failure != LEDGER_END_DISK_FULL || !give_up_slot(writer))
		return stop(writer, (enum ledger_end)writer->failure);
	return next_segment(writer);
}

static bool make_room_in_checkpoint(struct ledger_writer *writer, uint32_t n_records)
{
	if (writer->failure != LEDGER_END_OPEN)
		return false;
	return fits(writer, n_records) || fail(writer, LEDGER_END_TOO_BIG);
}

bool ledger_writer_make_room(struct ledger_writer *writer, uint32_t n_records)
{
	if (writer->header == NULL || writer->stopped)
		return false;
	if (writer->in_checkpoint)
		return make_room_in_checkpoint(writer, n_records);
	if (!fits(writer, n_records) && !leave_segment(writer))
		return false;
	while (fits(writer, n_records)) {
		if (make_ready(writer, n_records))
			return true;
		if (!recover(writer))
			return false;
	}
	return stop(writer, LEDGER_END_TOO_BIG);
}

struct ledger_call *ledger_writer_begin_call(struct ledger_writer *writer, struct vm_call *call)
{
	struct ledger_call *record = (struct ledger_call *)ledger_writer_place(writer);

	if (record == NULL)
		return NULL;
	record->state = 0;
	call->event = ++writer->n_events;
	ledger_pack_call(call, record);
	ledger_writer_mark(record, LEDGER_STATE(writer->lap, LEDGER_STATE_BEGUN));
	return record;
}

static void note_bits(struct ledger_writer *writer, uint32_t bits, bool set)
{
	writer->facts = set ? writer->facts | bits : writer->facts & ~bits;
}

static void note_prctl(struct ledger_writer *writer, const struct ledger_call *call)
{
	if (call->small[0] == PR_SET_MM && call->small[1] == PR_SET_MM_BRK)
		writer->brk = call->addr;
	if (call->small[0] == PR_SET_MM && call->small[1] == PR_SET_MM_START_BRK)
		writer->start_brk = call->addr;
}

static void note_personality(struct ledger_writer *writer, uint32_t persona)
{
	if (persona == UINT32_MAX) /* asked, not told */
		return;
	if ((writer->personality | persona) & READ_IMPLIES_EXEC)
		note_bits(writer, LEDGER_FACT_EXEC_UNSURE, true);
	writer->personality = persona;
}

/* As vm_apply() has it. */
void ledger_writer_note_state(struct ledger_writer *writer, const struct ledger_call *call)
{
	if ((uint64_t)call->result > (uint64_t)-4096)
		return;
	switch (call->op) {
	case VM_OP_BRK:
		writer->brk = (uint64_t)call->result;
		break;
	case VM_OP_PRCTL:
		note_prctl(writer, call);
		break;
	case VM_OP_PERSONALITY:
		note_personality(writer, (uint32_t)call->addr);
		break;
	case VM_OP_MLOCKALL:
		note_bits(writer, LEDGER_FACT_LOCKED, call->addr & MCL_FUTURE);
		break;
	default: /* munlockall */
		note_bits(writer, LEDGER_FACT_LOCKED, false);
		break;
	}
}

bool ledger_writer_moved(struct ledger_writer *writer)
{
	bool moved = writer->moved;

	writer->moved = false;
	return moved;
}

unsigned ledger_writer_ranges(const struct ledger_writer *writer, struct addr_range ranges[2],
			      uint64_t offsets[2])
{
	uint64_t header = (uintptr_t)writer->header;
	uint64_t body = header + LEDGER_HEADER_SIZE;

	if (writer->header == NULL)
		return 0;
	ranges[0] = (struct addr_range){ header, body };
	offsets[0] = 0;
	ranges[1] = (struct addr_range){ body, header + writer->mapped };
	offsets[1] = ledger_window_is_all(writer) ? LEDGER_HEADER_SIZE : writer->window_offset;
	return 2;
}

void ledger_writer_confine(struct ledger_writer *writer)
{
	if (writer->header == NULL || writer->stopped)
		return;
	ledger_window_stamp(writer);
	if (writer->next < ledger_segment_end(writer))
		ledger_window_make_ready(writer, writer->next + LEDGER_WINDOW_SIZE);
	writer->confined = true;
}

void ledger_writer_finish(struct ledger_writer *writer, enum ledger_end end, int exit_status)
{
	struct ledger_header *header = writer->header;

	if (header == NULL)
		return;
	ledger_window_stamp(writer);
	header->exit_status = exit_status;
	if (header->end == LEDGER_END_OPEN)
		header->end = end;
}
