/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger_reader_private.h"
#include "ledger/ledger_records.h"
#include "ledger/ledger_slots.h"

/*
 * How far to look for good records behind a damaged one in the newest segment.
 * Its unwritten rest may be large, and whoever follows a live ledger comes here
 * each time.
 */
#define LOOK_AHEAD LEDGER_CHUNK_RECORDS

static bool in_chunk(const struct ledger_reader *reader, uint64_t record)
{
	return reader->chunk_lap == reader->position.lap &&
	       reader->chunk_slot == reader->position.slot && record >= reader->chunk_at &&
	       record - reader->chunk_at < reader->chunk_len;
}

/*
 * In a live ledger the writer may take the slot for a new segment while it is
 * being read; its head is the first thing to change. (A damaged head looks the
 * same as one that is just being written.)
 */
static void check_overrun(struct ledger_reader *reader)
{
	const struct ledger_position *position = &reader->position;

	if (reader->bytes.fd < 0)
		return;
	if (ledger_slot_lap(reader, position->slot) == (position->headless ? 0 : position->lap))
		return;
	reader->position.overrun = true;
	reader->chunk_len = 0;
}

static uint64_t read_records(struct ledger_reader *reader, uint64_t offset, uint64_t n)
{
	return ledger_bytes_read(&reader->bytes, offset, reader->chunk, n * LEDGER_RECORD_SIZE) /
	       LEDGER_RECORD_SIZE;
}

/*
 * The writer stores a record's state last, but one read(2) does not copy the
 * bytes of a record in any order that is promised. What was stored before a state
 * is there for whoever reads after having seen the state: so states are taken from
 * a first reading and everything else from a second.
 */
static uint64_t read_live_records(struct ledger_reader *reader, uint64_t offset, uint64_t n)
{
	uint8_t states[LEDGER_CHUNK_RECORDS];
	uint64_t n_again;

	n = read_records(reader, offset, n);
	for (uint64_t i = 0; i < n; i++)
		states[i] = reader->chunk[i].state;
	n_again = read_records(reader, offset, n);
	for (uint64_t i = 0; i < n_again; i++)
		reader->chunk[i].state = states[i];
	return n_again;
}

static void load_chunk(struct ledger_reader *reader, uint64_t record)
{
	uint64_t n = reader->n_records - record;
	uint64_t offset = ledger_record_offset(reader, reader->position.slot, record);
	bool may_live = reader->bytes.fd >= 0 && reader->header.end == LEDGER_END_OPEN;

	if (n > LEDGER_CHUNK_RECORDS)
		n = LEDGER_CHUNK_RECORDS;
	reader->chunk_len =
		may_live ? read_live_records(reader, offset, n) : read_records(reader, offset, n);
	reader->chunk_at = record;
	reader->chunk_slot = reader->position.slot;
	reader->chunk_lap = reader->position.lap;
	check_overrun(reader);
}

const struct ledger_any *ledger_records_get(struct ledger_reader *reader, uint64_t record)
{
	if (record >= reader->n_records)
		return NULL;
	if (!in_chunk(reader, record))
		load_chunk(reader, record);
	return in_chunk(reader, record) ? &reader->chunk[record - reader->chunk_at] : NULL;
}

/* Did the writer change this record since the chunk was read? Asks the file for its one byte. */
static bool has_changed(const struct ledger_reader *reader, uint64_t record, uint8_t before)
{
	uint8_t state = before;
	uint64_t offset = ledger_record_offset(reader, reader->position.slot, record);

	return ledger_bytes_read(&reader->bytes, offset, &state, 1) == 1 && state != before;
}

const struct ledger_any *ledger_records_get_fresh(struct ledger_reader *reader, uint64_t record)
{
	const struct ledger_any *found = ledger_records_get(reader, record);
	uint64_t lap = reader->position.lap;

	if (reader->bytes.fd < 0 || record >= reader->n_records)
		return found;
	if (ledger_record_progress(found, lap) == RECORD_DONE)
		return found;
	if (found == NULL || has_changed(reader, record, found->state)) {
		load_chunk(reader, record);
		found = ledger_records_get(reader, record);
	}
	return found;
}

uint64_t ledger_records_find(struct ledger_reader *reader, uint64_t record)
{
	bool newest = reader->position.lap == reader->newest_lap;
	uint64_t end = newest ? record + LOOK_AHEAD : reader->n_records;
	const struct ledger_any *found;

	for (; record < end; record++) {
		found = ledger_records_get(reader, record);
		if (found == NULL)
			return 0;
		if (ledger_record_progress(found, reader->position.lap) != RECORD_NONE)
			return record;
	}
	return 0;
}
