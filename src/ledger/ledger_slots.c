/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Which segments a file holds, and in which order they were written
 *
 * A slot is a place in the file, a segment what was written there last. Laps
 * count segments, so the history that is left is the longest run of laps
 * without a hole that ends with the highest. Usually the slots are used in turn,
 * but a writer that ran out of disk goes back to slot 0 early.
 */

#include <string.h>
#include "ledger/ledger_clock.h"
#include "ledger/ledger_reader_private.h"
#include "ledger/ledger_slots.h"

/* How many records behind a damaged head are asked for the lap. */
#define WITNESSES 4

uint64_t ledger_record_offset(const struct ledger_reader *reader, uint32_t slot, uint64_t record)
{
	return LEDGER_HEADER_SIZE + slot * reader->header.segment_size +
	       record * LEDGER_RECORD_SIZE;
}

enum ledger_progress ledger_record_progress(const struct ledger_any *record, uint64_t lap)
{
	if (record == NULL)
		return RECORD_NONE;
	if (record->state == LEDGER_STATE(lap, LEDGER_STATE_DONE))
		return RECORD_DONE;
	if (record->state == LEDGER_STATE(lap, LEDGER_STATE_BEGUN))
		return RECORD_BEGUN;
	return RECORD_NONE;
}

static bool head_is_sane(const struct ledger_segment *head)
{
	return head->kind == LEDGER_SEGMENT && head->lap != 0 &&
	       head->state == LEDGER_STATE(head->lap, LEDGER_STATE_DONE);
}

static void read_slot(const struct ledger_reader *reader, uint32_t index, struct ledger_slot *slot)
{
	uint64_t offset = ledger_record_offset(reader, index, 0);

	memset(slot, 0, sizeof(*slot));
	slot->index = index;
	if (ledger_bytes_read(&reader->bytes, offset, &slot->head, sizeof(slot->head)) ==
		    sizeof(slot->head) &&
	    head_is_sane(&slot->head))
		slot->lap = slot->head.lap;
}

/* Most of a damaged head's neighbours must agree that this is their lap. */
static bool witnesses_agree(const struct ledger_reader *reader, uint32_t index, uint64_t lap)
{
	struct ledger_any records[WITNESSES];
	unsigned n_agree = 0;
	uint64_t offset = ledger_record_offset(reader, index, 1);

	if (ledger_bytes_read(&reader->bytes, offset, records, sizeof(records)) != sizeof(records))
		return false;
	for (unsigned i = 0; i < WITNESSES; i++)
		if (ledger_record_progress(&records[i], lap) != RECORD_NONE)
			n_agree++;
	return n_agree > WITNESSES / 2;
}

/*
 * The head is looked at last: a writer that is at work writes it first of all, so that it is
 * there when its neighbours are, unless it is damaged.
 */
static bool infer(const struct ledger_reader *reader, uint32_t index, uint64_t lap,
		  struct ledger_slot *slot)
{
	if (lap == 0 || !witnesses_agree(reader, index, lap))
		return false;
	read_slot(reader, index, slot);
	if (slot->lap != 0)
		return slot->lap == lap;
	memset(&slot->head, 0, sizeof(slot->head));
	slot->lap = lap;
	slot->headless = true;
	return true;
}

uint64_t ledger_slot_lap(const struct ledger_reader *reader, uint32_t index)
{
	struct ledger_slot slot;

	read_slot(reader, index, &slot);
	return slot.lap;
}

/* @after: the slot of the lap before; only a damaged one must be where it is expected. */
bool ledger_slot_find(const struct ledger_reader *reader, uint64_t lap, uint32_t after,
		      struct ledger_slot *slot)
{
	uint32_t n = reader->header.n_segments;

	if (lap == 0)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		read_slot(reader, i, slot);
		if (slot->lap == lap)
			return true;
	}
	return infer(reader, (after + 1) % n, lap, slot);
}

static const struct ledger_slot *slot_with_lap(const struct ledger_slot *slots, unsigned n,
					       uint64_t lap)
{
	for (unsigned i = 0; i < n; i++)
		if (slots[i].lap == lap)
			return &slots[i];
	return NULL;
}

static const struct ledger_slot *newest_slot(const struct ledger_slot *slots, unsigned n)
{
	const struct ledger_slot *newest = &slots[0];

	for (unsigned i = 1; i < n; i++)
		if (slots[i].lap > newest->lap)
			newest = &slots[i];
	return newest->lap == 0 ? NULL : newest;
}

/* Back from the newest, as far as there is no hole. */
static struct ledger_slot oldest_slot(const struct ledger_reader *reader,
				      const struct ledger_slot *slots, unsigned n,
				      const struct ledger_slot *newest)
{
	struct ledger_slot oldest = *newest;
	struct ledger_slot before;
	const struct ledger_slot *found;

	for (unsigned i = 1; i < n && oldest.lap > 1; i++) {
		found = slot_with_lap(slots, n, oldest.lap - 1);
		if (found != NULL)
			oldest = *found;
		else if (infer(reader, (oldest.index + n - 1) % n, oldest.lap - 1, &before))
			oldest = before;
		else
			break;
	}
	return oldest;
}

/* All heads are damaged: believe the file's header, if the records agree. */
static bool guess_newest(const struct ledger_reader *reader, struct ledger_slot *newest)
{
	uint64_t lap = reader->header.segment_lap;
	uint32_t n = reader->header.n_segments;

	return lap != 0 && infer(reader, (uint32_t)((lap - 1) % n), lap, newest);
}

bool ledger_slots_first(struct ledger_reader *reader, struct ledger_slot *first)
{
	struct ledger_slot slots[LEDGER_SEGMENTS_MAX] = { 0 };
	unsigned n = reader->header.n_segments;
	const struct ledger_slot *newest;
	struct ledger_slot guessed;

	for (unsigned i = 0; i < n; i++)
		read_slot(reader, i, &slots[i]);
	ledger_clock_init(&reader->clock, &reader->header, slots, n);
	newest = newest_slot(slots, n);
	if (newest == NULL) {
		if (!guess_newest(reader, &guessed))
			return false;
		newest = &guessed;
	}
	reader->newest_lap = newest->lap;
	*first = oldest_slot(reader, slots, n, newest);
	return true;
}
