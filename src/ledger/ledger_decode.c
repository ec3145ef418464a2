/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One record, or a group of them, checked and made into a ledger_entry
 *
 * A group is handed out whole or not at all. Where the rest of one is missing
 * it matters whether anything follows: if not, the writer was killed, or is
 * about to write it.
 */

#include <stdlib.h>
#include <string.h>
#include "ledger/ledger_decode.h"
#include "ledger/ledger_reader_private.h"
#include "ledger/ledger_records.h"
#include "ledger/ledger_slots.h"
#include "ledger/ledger_writer.h"
#include "vma/vm_flags.h"
#include "vma/vm_space.h"

static enum ledger_decoded skip(struct ledger_reader *reader)
{
	reader->position.n_skipped++;
	reader->position.at++;
	return DECODED_SKIP;
}

static enum ledger_decoded taken(struct ledger_reader *reader, uint64_t n_records)
{
	reader->position.at += n_records;
	return DECODED;
}

/* The @i-th record behind the head, if it is whole and of this kind. */
static const struct ledger_any *member(struct ledger_reader *reader, uint64_t i,
				       enum ledger_kind kind)
{
	const struct ledger_any *record =
		ledger_records_get_fresh(reader, reader->position.at + 1 + i);

	if (ledger_record_progress(record, reader->position.lap) != RECORD_DONE ||
	    record->kind != kind)
		return NULL;
	return record;
}

/* Is the newest record of all the @n-th member, begun and no more? */
static bool is_in_flight(struct ledger_reader *reader, uint64_t n, enum ledger_kind kind)
{
	uint64_t at = reader->position.at + 1 + n;
	const struct ledger_any *record = ledger_records_get(reader, at);

	return ledger_record_progress(record, reader->position.lap) == RECORD_BEGUN &&
	       record->kind == kind && ledger_records_find(reader, at + 1) == 0;
}

/*
 * Of the group at the position only @n members are there. What follows it may be
 * younger than that observation: then the next member is there by now.
 */
static enum ledger_decoded broken_group(struct ledger_reader *reader, uint64_t n,
					enum ledger_kind kind)
{
	struct ledger_position *position = &reader->position;

	if (position->lap == reader->newest_lap &&
	    (ledger_records_find(reader, position->at + 1 + n) == 0 ||
	     is_in_flight(reader, n, kind)))
		return DECODED_WAIT;
	if (!reader->short_of_memory && member(reader, n, kind) != NULL)
		return DECODED_SKIP;
	position->n_broken_groups++;
	position->at += 1 + n;
	return DECODED_SKIP;
}

/* ------------------------------------------------------------------ areas */

/* Memory grows with the records that were found, not with what a head promises. */
static bool keep_area(struct ledger_reader *reader, uint64_t i, const struct ledger_any *record)
{
	size_t capacity = reader->areas_capacity;
	struct ledger_area *areas;

	if (i >= capacity) {
		capacity = capacity == 0 ? 256 : capacity * 2;
		areas = realloc(reader->areas, capacity * sizeof(*areas));
		reader->short_of_memory = areas == NULL;
		if (areas == NULL)
			return false;
		reader->areas = areas;
		reader->areas_capacity = capacity;
	}
	memcpy(&reader->areas[i], record, sizeof(reader->areas[i]));
	return true;
}

/* Return: how many of the @n areas are there. */
static uint64_t read_areas(struct ledger_reader *reader, uint64_t n)
{
	const struct ledger_any *record;

	for (uint64_t i = 0; i < n; i++) {
		record = member(reader, i, LEDGER_AREA);
		if (record == NULL || !keep_area(reader, i, record))
			return i;
	}
	return n;
}

static bool is_aligned(uint64_t addr)
{
	return addr % VM_PAGE_SIZE == 0;
}

/* In order, aligned, inside [start, end). */
static bool areas_are_sane(const struct ledger_area *areas, uint64_t n, uint64_t start,
			   uint64_t end)
{
	for (uint64_t i = 0; i < n; i++) {
		if (areas[i].start < start || areas[i].start >= areas[i].end || areas[i].end > end)
			return false;
		if (!is_aligned(areas[i].start) || !is_aligned(areas[i].end))
			return false;
		start = areas[i].end;
	}
	return true;
}

static enum ledger_decoded senseless_group(struct ledger_reader *reader, uint64_t n_areas)
{
	reader->position.n_broken_groups++;
	reader->position.at += 1 + n_areas;
	return DECODED_SKIP;
}

static enum ledger_decoded decode_resync(struct ledger_reader *reader,
					 const struct ledger_any *record,
					 struct ledger_entry *entry)
{
	struct ledger_resync head;
	uint64_t n;

	memcpy(&head, record, sizeof(head));
	n = read_areas(reader, head.n_areas);
	if (n < head.n_areas)
		return broken_group(reader, n, LEDGER_AREA);
	head.end -= head.end % VM_PAGE_SIZE; /* the last page has no end */
	if (head.start >= head.end || !is_aligned(head.start) ||
	    !areas_are_sane(reader->areas, n, head.start, head.end))
		return senseless_group(reader, n);
	entry->resync.head = head;
	entry->resync.areas = reader->areas;
	entry->ticks = head.ticks;
	if (head.reason != VM_REASON_CHECKPOINT)
		entry->in_checkpoint = reader->position.in_checkpoint = false;
	return taken(reader, 1 + n);
}

/* What of the map a comparison speaks for. False: of nothing. */
static bool verify_range(const struct ledger_verify *head, struct addr_range *range)
{
	*range = (struct addr_range){ 0, UINT64_MAX };
	if (head->event == 0)
		return true;
	*range = (struct addr_range){ head->start, head->end };
	return range->start < range->end && is_aligned(range->start) && is_aligned(range->end);
}

static enum ledger_decoded decode_verify(struct ledger_reader *reader,
					 const struct ledger_any *record,
					 struct ledger_entry *entry)
{
	struct ledger_verify head;
	struct addr_range range;
	uint64_t n;

	memcpy(&head, record, sizeof(head));
	n = read_areas(reader, head.n_areas);
	if (n < head.n_areas)
		return broken_group(reader, n, LEDGER_AREA);
	if (!verify_range(&head, &range) ||
	    !areas_are_sane(reader->areas, n, range.start, range.end))
		return senseless_group(reader, n);
	entry->verify.head = head;
	entry->verify.areas = reader->areas;
	entry->ticks = head.ticks;
	return taken(reader, 1 + n);
}

/* ------------------------------------------------------------------ texts */

static uint64_t text_records(uint64_t len)
{
	return (len + LEDGER_TEXT_BYTES - 1) / LEDGER_TEXT_BYTES;
}

/* @len <= LEDGER_TEXT_MAX. Return: how many of its records are there. */
static uint64_t read_text(struct ledger_reader *reader, size_t len)
{
	const struct ledger_text *record;
	size_t at = 0;
	size_t n;

	while (at < len) {
		record = (const struct ledger_text *)member(reader, at / LEDGER_TEXT_BYTES,
							    LEDGER_TEXT);
		if (record == NULL)
			break;
		n = len - at < LEDGER_TEXT_BYTES ? len - at : LEDGER_TEXT_BYTES;
		memcpy(reader->text + at, record->bytes, n);
		at += n;
	}
	reader->text[at] = '\0';
	return text_records(at);
}

static enum ledger_decoded decode_object(struct ledger_reader *reader,
					 const struct ledger_any *record,
					 struct ledger_entry *entry)
{
	struct ledger_object head;
	struct vm_object *object = &entry->object.object;
	uint64_t n;

	memcpy(&head, record, sizeof(head));
	if (head.id == 0 || head.id >= LEDGER_OBJECTS_MAX || head.name_len > LEDGER_TEXT_MAX)
		return skip(reader);
	n = read_text(reader, head.name_len);
	if (n < text_records(head.name_len))
		return broken_group(reader, n, LEDGER_TEXT);
	*object = (struct vm_object){
		.dev = head.dev,
		.ino = head.ino,
		.size = head.size,
		.name = reader->text,
		.name_len = (uint16_t)strlen(reader->text),
	};
	if (head.build_id_len <= sizeof(head.build_id)) {
		object->build_id_len = head.build_id_len;
		memcpy(object->build_id, head.build_id, sizeof(head.build_id));
	}
	entry->object.id = head.id;
	return taken(reader, 1 + n);
}

static enum ledger_decoded decode_note(struct ledger_reader *reader,
				       const struct ledger_any *record, struct ledger_entry *entry)
{
	struct ledger_note head;
	uint64_t n;

	memcpy(&head, record, sizeof(head));
	if (head.text_len > LEDGER_TEXT_MAX)
		return skip(reader);
	n = read_text(reader, head.text_len);
	if (n < text_records(head.text_len))
		return broken_group(reader, n, LEDGER_TEXT);
	entry->note.kind = head.note;
	entry->note.text = reader->text;
	entry->ticks = head.ticks;
	return taken(reader, 1 + n);
}

/* ----------------------------------------------------------------- stacks */

/* @n <= LEDGER_STACK_FRAMES_MAX. Return: how many LEDGER_FRAMES records of them are there. */
static uint64_t read_more_frames(struct ledger_reader *reader, unsigned n)
{
	const struct ledger_frames *record;
	uint64_t n_records = 0;
	unsigned at = LEDGER_STACK_FRAMES;

	for (; at < n; at += LEDGER_FRAMES_FRAMES, n_records++) {
		unsigned rest = n - at < LEDGER_FRAMES_FRAMES ? n - at : LEDGER_FRAMES_FRAMES;

		record = (const struct ledger_frames *)member(reader, n_records, LEDGER_FRAMES);
		if (record == NULL)
			break;
		memcpy(&reader->frames[at], record->frames, rest * sizeof(record->frames[0]));
	}
	return n_records;
}

static enum ledger_decoded decode_stack(struct ledger_reader *reader,
					const struct ledger_any *record, struct ledger_entry *entry)
{
	struct ledger_stack head;
	uint64_t n, n_wanted;

	memcpy(&head, record, sizeof(head));
	if (head.id == 0 || head.n_frames > LEDGER_STACK_FRAMES_MAX)
		return skip(reader);
	n_wanted = ledger_trace_records(head.n_frames) - 1;
	n = read_more_frames(reader, head.n_frames);
	if (n < n_wanted)
		return broken_group(reader, n, LEDGER_FRAMES);
	memcpy(reader->frames, head.frames, sizeof(head.frames));
	entry->stack = (struct ledger_trace){
		.id = head.id,
		.end = head.end,
		.n_frames = head.n_frames,
		.exact = head.exact,
		.guessed = head.guessed,
		.frames = reader->frames,
	};
	return taken(reader, 1 + n);
}

/* ---------------------------------------------------------------- singles */

static enum ledger_decoded decode_call(struct ledger_reader *reader,
				       const struct ledger_any *record, struct ledger_entry *entry)
{
	struct ledger_call call;

	memcpy(&call, record, sizeof(call));
	reader->position.next_event++;
	if (call.op == VM_OP_NONE || call.op >= VM_OP_COUNT) {
		reader->position.n_unknown++;
		reader->position.at++;
		return DECODED_SKIP;
	}
	ledger_unpack_call(&call, &entry->call);
	entry->call.event = reader->position.next_event - 1;
	entry->ticks = call.ticks;
	return taken(reader, 1);
}

static enum ledger_decoded decode_segment(struct ledger_reader *reader,
					  const struct ledger_any *record,
					  struct ledger_entry *entry)
{
	struct ledger_position *position = &reader->position;

	if (position->at != 0)
		return skip(reader);
	memcpy(&entry->segment, record, sizeof(entry->segment));
	if (entry->segment.lap != position->lap || entry->segment.first_event == 0)
		return skip(reader);
	/* More than expected: records were lost. Less: the number is damaged. */
	if (entry->segment.first_event > position->next_event)
		position->next_event = entry->segment.first_event;
	else if (entry->segment.first_event < position->next_event)
		position->n_skipped++;
	entry->ticks = entry->segment.ticks;
	return taken(reader, 1);
}

static enum ledger_decoded decode_site(struct ledger_reader *reader,
				       const struct ledger_any *record, struct ledger_entry *entry)
{
	memcpy(&entry->site, record, sizeof(entry->site));
	return taken(reader, 1);
}

static enum ledger_decoded decode_thread(struct ledger_reader *reader,
					 const struct ledger_any *record,
					 struct ledger_entry *entry)
{
	memcpy(&entry->thread, record, sizeof(entry->thread));
	return taken(reader, 1);
}

/* A checkpoint consists of these alone (and which groups, decode_resync() knows). */
static bool may_be_in_checkpoint(unsigned kind)
{
	return kind == LEDGER_SEGMENT || kind == LEDGER_OBJECT || kind == LEDGER_RESYNC;
}

enum ledger_decoded ledger_decode(struct ledger_reader *reader, const struct ledger_any *record,
				  struct ledger_entry *entry)
{
	if (!may_be_in_checkpoint(record->kind))
		reader->position.in_checkpoint = false;
	*entry = (struct ledger_entry){
		.kind = (enum ledger_kind)record->kind,
		.finished = true,
		.in_checkpoint = reader->position.in_checkpoint,
		.ticks = reader->position.ticks,
	};
	switch (record->kind) {
	case LEDGER_SEGMENT:
		return decode_segment(reader, record, entry);
	case LEDGER_CALL:
		return decode_call(reader, record, entry);
	case LEDGER_RESYNC:
		return decode_resync(reader, record, entry);
	case LEDGER_OBJECT:
		return decode_object(reader, record, entry);
	case LEDGER_VERIFY:
		return decode_verify(reader, record, entry);
	case LEDGER_SITE:
		return decode_site(reader, record, entry);
	case LEDGER_NOTE:
		return decode_note(reader, record, entry);
	case LEDGER_STACK:
		return decode_stack(reader, record, entry);
	case LEDGER_THREAD:
		return decode_thread(reader, record, entry);
	case LEDGER_EMPTY:
	case LEDGER_AREA: /* without a head */
	case LEDGER_TEXT:
	case LEDGER_FRAMES:
		return skip(reader);
	default:
		reader->position.n_unknown++;
		reader->position.at++;
		return DECODED_SKIP;
	}
}
