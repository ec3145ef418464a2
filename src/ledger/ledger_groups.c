/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Records that need others behind them: objects with names, ranges with areas, stacks, notes
 */

#include <string.h>
#include "base/clock.h"
#include "base/text.h"
#include "ledger/ledger_writer.h"
#include "vma/vm_flags.h"

static uint32_t text_records(size_t len)
{
	return (uint32_t)((len + LEDGER_TEXT_BYTES - 1) / LEDGER_TEXT_BYTES);
}

static size_t text_cut(size_t len)
{
	return len < LEDGER_TEXT_MAX ? len : LEDGER_TEXT_MAX;
}

static void write_text(struct ledger_writer *writer, const char *text, size_t len)
{
	struct ledger_text *record;
	size_t n;

	for (; len > 0; text += n, len -= n) {
		record = ledger_writer_begin(writer, LEDGER_TEXT);
		if (record == NULL)
			return;
		n = len < LEDGER_TEXT_BYTES ? len : LEDGER_TEXT_BYTES;
		memcpy(record->bytes, text, n);
		ledger_writer_done(writer, record);
	}
}

uint32_t ledger_object_records(const struct vm_object *object)
{
	return 1 + text_records(text_cut(object->name_len));
}

void ledger_writer_object(struct ledger_writer *writer, uint32_t id, const struct vm_object *object)
{
	struct ledger_object *record = ledger_writer_begin(writer, LEDGER_OBJECT);
	size_t len = text_cut(object->name_len);

	if (record == NULL)
		return;
	record->id = id;
	record->dev = object->dev;
	record->ino = object->ino;
	record->size = object->size;
	record->name_len = (uint32_t)len;
	record->build_id_len = object->build_id_len;
	memcpy(record->build_id, object->build_id, sizeof(record->build_id));
	ledger_writer_done(writer, record);
	write_text(writer, object->name, len);
}

void ledger_writer_resync(struct ledger_writer *writer, unsigned reason, struct addr_range range,
			  uint64_t event, uint32_t n_areas)
{
	struct ledger_resync *record = ledger_writer_begin(writer, LEDGER_RESYNC);

	if (record == NULL)
		return;
	record->reason = (uint8_t)reason;
	record->n_areas = n_areas;
	record->ticks = clock_ticks();
	record->start = range.start;
	record->end = range.end;
	record->event = event;
	ledger_writer_done(writer, record);
}

void ledger_writer_area(struct ledger_writer *writer, const struct memory_area *area)
{
	struct ledger_area *record = ledger_writer_begin(writer, LEDGER_AREA);

	if (record == NULL)
		return;
	record->object = (uint32_t)area->tag[VM_TAG_OBJECT];
	record->start = area->range.start;
	record->end = area->range.end;
	record->flags = area->flags;
	record->offset = area->offset;
	record->origin = area->origin;
	record->changed = area->tag[VM_TAG_CHANGED];
	ledger_writer_done(writer, record);
}

void ledger_writer_note(struct ledger_writer *writer, enum ledger_note_kind kind,
			const char *sentence)
{
	size_t len = text_cut(text_length(sentence));
	struct ledger_note *record;

	if (!ledger_writer_room(writer, 1 + text_records(len)))
		return;
	record = ledger_writer_begin(writer, LEDGER_NOTE);
	if (record == NULL)
		return;
	record->note = (uint8_t)kind;
	record->text_len = (uint32_t)len;
	record->ticks = clock_ticks();
	ledger_writer_done(writer, record);
	write_text(writer, sentence, len);
}

void ledger_writer_thread(struct ledger_writer *writer, uint32_t tid, uint64_t sp)
{
	struct ledger_thread *record;

	if (!ledger_writer_room(writer, 1))
		return;
	record = ledger_writer_begin(writer, LEDGER_THREAD);
	if (record == NULL)
		return;
	record->tid = tid;
	record->sp = sp;
	ledger_writer_done(writer, record);
}

/* ------------------------------------------------------------------ stacks */

/* Return: how many of @n frames had a place. */
static unsigned write_frames(uint64_t *places, unsigned n_places, const uint64_t *frames,
			     unsigned n)
{
	n = n < n_places ? n : n_places;
	for (unsigned i = 0; i < n; i++)
		places[i] = frames[i];
	return n;
}

static void write_more_frames(struct ledger_writer *writer, const uint64_t *frames, unsigned n)
{
	struct ledger_frames *record;
	unsigned written;

	for (; n > 0; n -= written, frames += written) {
		record = ledger_writer_begin(writer, LEDGER_FRAMES);
		if (record == NULL)
			return;
		written = write_frames(record->frames, LEDGER_FRAMES_FRAMES, frames, n);
		ledger_writer_done(writer, record);
	}
}

void ledger_writer_stack(struct ledger_writer *writer, const struct ledger_trace *trace)
{
	struct ledger_stack *record = ledger_writer_begin(writer, LEDGER_STACK);
	unsigned written;

	if (record == NULL)
		return;
	record->end = trace->end;
	record->n_frames = trace->n_frames;
	record->id = trace->id;
	record->exact = trace->exact;
	record->guessed = trace->guessed;
	written = write_frames(record->frames, LEDGER_STACK_FRAMES, trace->frames, trace->n_frames);
	ledger_writer_done(writer, record);
	write_more_frames(writer, trace->frames + written, trace->n_frames - written);
}
