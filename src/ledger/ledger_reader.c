/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Reading a ledger from its oldest segment to its newest, also while it is being written
 */

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "ledger/ledger_clock.h"
#include "ledger/ledger_decode.h"
#include "ledger/ledger_header.h"
#include "ledger/ledger_reader_private.h"
#include "ledger/ledger_records.h"
#include "ledger/ledger_slots.h"

/* ----------------------------------------------------------- open and close */

static void free_reader(struct ledger_reader *reader)
{
	free(reader->areas);
	free(reader->chunk);
	free(reader->path);
	free(reader);
}

/* Takes over @bytes, also when it fails. */
static struct ledger_reader *create_reader(struct ledger_bytes *bytes, const char *path)
{
	struct ledger_reader *reader = calloc(1, sizeof(*reader));

	if (reader == NULL)
		return NULL;
	reader->bytes = *bytes;
	reader->path = strdup(path);
	reader->chunk = malloc(LEDGER_CHUNK_RECORDS * sizeof(*reader->chunk));
	if (reader->path != NULL && reader->chunk != NULL)
		return reader;
	free_reader(reader);
	return NULL;
}

static struct ledger_reader *open_bytes(struct ledger_bytes *bytes, const char *path,
					struct ledger_problem *problem)
{
	struct ledger_reader *reader = create_reader(bytes, path);
	size_t len;

	if (reader == NULL) {
		ledger_problem_set(problem, "out of memory");
		ledger_bytes_close(bytes);
		return NULL;
	}
	len = ledger_bytes_read(&reader->bytes, 0, &reader->header, sizeof(reader->header));
	if (!ledger_header_check(&reader->header, len, problem)) {
		ledger_reader_close(reader);
		return NULL;
	}
	reader->n_records = reader->header.segment_size / LEDGER_RECORD_SIZE;
	ledger_reader_rewind(reader);
	return reader;
}

struct ledger_reader *ledger_reader_open(const char *path, struct ledger_problem *problem)
{
	struct ledger_bytes bytes;

	if (ledger_bytes_open(&bytes, path, problem) < 0)
		return NULL;
	return open_bytes(&bytes, path, problem);
}

struct ledger_reader *ledger_reader_open_memory(const void *memory, size_t size,
						struct ledger_problem *problem)
{
	struct ledger_bytes bytes = { .fd = -1, .memory = memory, .size = size };

	return open_bytes(&bytes, "(memory)", problem);
}

void ledger_reader_close(struct ledger_reader *reader)
{
	if (reader == NULL)
		return;
	ledger_bytes_close(&reader->bytes);
	free_reader(reader);
}

const struct ledger_header *ledger_reader_header(const struct ledger_reader *reader)
{
	return &reader->header;
}

const char *ledger_reader_path(const struct ledger_reader *reader)
{
	return reader->path;
}

uint64_t ledger_reader_first_event(const struct ledger_reader *reader)
{
	return reader->first_event;
}

uint64_t ledger_reader_time_ns(const struct ledger_reader *reader, uint64_t ticks)
{
	return ledger_clock_ns(&reader->clock, reader->header.start_monotonic_ns, ticks);
}

/* ---------------------------------------------------------------- segments */

static void enter_slot(struct ledger_reader *reader, const struct ledger_slot *slot)
{
	struct ledger_position *position = &reader->position;

	position->lap = slot->lap;
	position->slot = slot->index;
	position->headless = slot->headless;
	position->at = slot->headless ? 1 : 0;
	position->n_headless += slot->headless;
	position->in_checkpoint = slot->lap > 1;
}

/*
 * The number of the first call in a segment whose head is damaged, from what
 * the next head says.
 */
static uint64_t count_back(struct ledger_reader *reader)
{
	struct ledger_position start = reader->position;
	struct ledger_entry entry = { 0 };
	uint64_t n = 0;

	while (entry.kind != LEDGER_SEGMENT) {
		n = reader->position.next_event - 1;
		if (!ledger_reader_next(reader, &entry))
			break;
	}
	reader->position = start;
	if (entry.kind != LEDGER_SEGMENT || entry.segment.first_event <= n)
		return 1;
	return entry.segment.first_event - n;
}

void ledger_reader_rewind(struct ledger_reader *reader)
{
	struct ledger_slot first;

	reader->position = (struct ledger_position){ .next_event = 1 };
	reader->first_event = 1;
	reader->chunk_len = 0;
	if (!ledger_slots_first(reader, &first))
		return;
	enter_slot(reader, &first);
	if (first.headless && first.lap > 1)
		reader->first_event = count_back(reader);
	else if (!first.headless && first.head.first_event > 0)
		reader->first_event = first.head.first_event;
	reader->position.next_event = reader->first_event;
}

struct ledger_position ledger_reader_tell(const struct ledger_reader *reader)
{
	return reader->position;
}

void ledger_reader_seek(struct ledger_reader *reader, const struct ledger_position *position)
{
	reader->position = *position;
}

/* ------------------------------------------------------------------- next */

/*
 * What the end of a segment leads to. Between the first look at its last record
 * and the finding of the next segment the writer may have added some.
 */
static bool enter_next_segment(struct ledger_reader *reader)
{
	struct ledger_position *position = &reader->position;
	struct ledger_slot next;
	const struct ledger_any *record;

	if (!ledger_slot_find(reader, position->lap + 1, position->slot, &next))
		return false;
	if (next.lap > reader->newest_lap)
		reader->newest_lap = next.lap;
	record = ledger_records_get_fresh(reader, position->at);
	if (ledger_record_progress(record, position->lap) == RECORD_NONE)
		enter_slot(reader, &next);
	return !position->overrun;
}

/*
 * What follows a record that was not done may have been read after it. A writer
 * writes them in order, so if this is why, the record is done by now.
 */
static bool is_written_by_now(struct ledger_reader *reader)
{
	const struct ledger_any *record = ledger_records_get_fresh(reader, reader->position.at);

	return ledger_record_progress(record, reader->position.lap) == RECORD_DONE;
}

/* Where only the state is damaged a call can still be counted, so that others keep their numbers.
 */
static void skip_to(struct ledger_reader *reader, uint64_t record)
{
	struct ledger_position *position = &reader->position;
	const struct ledger_any *skipped;

	for (; position->at < record; position->at++) {
		skipped = ledger_records_get(reader, position->at);
		position->next_event += skipped != NULL && skipped->kind == LEDGER_CALL;
		position->n_skipped++;
	}
}

/* No record at the position: a damaged one, the end of the segment, or the end of all. */
static bool pass_nothing(struct ledger_reader *reader)
{
	struct ledger_position *position = &reader->position;
	uint64_t found = ledger_records_find(reader, position->at);

	if (found == 0)
		return enter_next_segment(reader);
	if (!is_written_by_now(reader))
		skip_to(reader, found);
	return true;
}

static bool is_last(struct ledger_reader *reader)
{
	struct ledger_position *position = &reader->position;
	struct ledger_slot next;

	return ledger_records_find(reader, position->at + 1) == 0 &&
	       !ledger_slot_find(reader, position->lap + 1, position->slot, &next);
}

static bool step_over(struct ledger_reader *reader, const struct ledger_any *record)
{
	if (record->kind == LEDGER_CALL)
		reader->position.next_event++;
	else
		reader->position.n_skipped++;
	reader->position.at++;
	return false;
}

/*
 * A record that was begun and not completed. At the very end a call is in
 * flight, and the position stays; elsewhere its writer gave it up.
 *
 * Return: true when @entry is set; *@again when there may be more.
 */
static bool take_begun(struct ledger_reader *reader, struct ledger_any record,
		       struct ledger_entry *entry, bool *again)
{
	struct ledger_position *position = &reader->position;
	uint64_t mark = 1 + ledger_record_offset(reader, position->slot, position->at);
	bool is_new_call = record.kind == LEDGER_CALL && position->delivered != mark;
	struct ledger_position before;

	*again = !is_last(reader);
	if (*again && is_written_by_now(reader))
		return false;
	if (!is_new_call)
		return *again ? step_over(reader, &record) : false;
	position->delivered = mark;
	before = *position;
	is_new_call = ledger_decode(reader, &record, entry) == DECODED;
	entry->finished = false;
	entry->call.result = 0;
	if (!*again)
		*position = before;
	return is_new_call;
}

/* Return: true when @entry is set; *@again when there may be more. */
static bool take(struct ledger_reader *reader, struct ledger_entry *entry, bool *again)
{
	struct ledger_position *position = &reader->position;
	const struct ledger_any *record = ledger_records_get_fresh(reader, position->at);
	enum ledger_decoded decoded;

	switch (ledger_record_progress(record, position->lap)) {
	case RECORD_NONE:
		*again = pass_nothing(reader);
		return false;
	case RECORD_BEGUN:
		return take_begun(reader, *record, entry, again);
	default:
		decoded = ledger_decode(reader, record, entry);
		*again = decoded == DECODED_SKIP;
		return decoded == DECODED;
	}
}

/*
 * A signal handler that left a hook for good may have left half a group behind.
 * The writer noticed, and says what is true in a whole new map behind the note: so
 * nothing is lost.
 */
static void judge_what_was_passed(struct ledger_position *position,
				  const struct ledger_entry *entry)
{
	if (entry->kind == LEDGER_NOTE && entry->note.kind == LEDGER_NOTE_REBUILT) {
		position->n_skipped = position->sure_skipped;
		position->n_broken_groups = position->sure_broken_groups;
	}
	position->sure_skipped = position->n_skipped;
	position->sure_broken_groups = position->n_broken_groups;
}

bool ledger_reader_next(struct ledger_reader *reader, struct ledger_entry *entry)
{
	bool again = reader->position.lap != 0 && !reader->position.overrun;

	while (again) {
		again = false;
		if (take(reader, entry, &again) && !reader->position.overrun) {
			reader->position.ticks = entry->ticks;
			judge_what_was_passed(&reader->position, entry);
			return true;
		}
		again = again && !reader->position.overrun;
	}
	ledger_header_refresh(reader);
	return false;
}

/* ----------------------------------------------------------------- damage */

static uint64_t expected_size(const struct ledger_reader *reader)
{
	return LEDGER_HEADER_SIZE + reader->header.n_segments * reader->header.segment_size;
}

bool ledger_reader_lost_records(const struct ledger_reader *reader)
{
	const struct ledger_position *position = &reader->position;

	return position->n_skipped + position->n_broken_groups + position->n_headless > 0 ||
	       position->overrun;
}

struct damage {
	char *text;
	size_t size;
	size_t len;
};

static void __attribute__((format(printf, 2, 3)))
say(struct damage *damage, const char *format, ...)
{
	va_list args;
	int n;

	if (damage->len > 0 && damage->len + 2 < damage->size) {
		memcpy(damage->text + damage->len, ", ", 3);
		damage->len += 2;
	}
	va_start(args, format);
	n = vsnprintf(damage->text + damage->len, damage->size - damage->len, format, args);
	va_end(args);
	damage->len += (size_t)n;
	if (damage->len >= damage->size)
		damage->len = damage->size - 1;
}

static void say_count(struct damage *damage, uint64_t n, const char *one, const char *many)
{
	if (n > 0)
		say(damage, "%llu %s", (unsigned long long)n, n == 1 ? one : many);
}

static void say_what_is_missing(struct damage *damage, const struct ledger_reader *reader)
{
	if (reader->bytes.size < expected_size(reader))
		say(damage, "the file is cut short: %llu of %llu bytes",
		    (unsigned long long)reader->bytes.size,
		    (unsigned long long)expected_size(reader));
	if (reader->position.lap == 0)
		say(damage, "no segment can be read");
	else if (reader->header.segment_lap > reader->newest_lap)
		say_count(damage, reader->header.segment_lap - reader->newest_lap,
			  "segment is missing at the end", "segments are missing at the end");
}

const char *ledger_reader_damage(struct ledger_reader *reader)
{
	const struct ledger_position *position = &reader->position;
	struct damage damage = { reader->damage, sizeof(reader->damage), 0 };

	say_what_is_missing(&damage, reader);
	say_count(&damage, position->n_headless, "segment has a damaged head",
		  "segments have a damaged head");
	say_count(&damage, position->n_skipped, "damaged record was skipped",
		  "damaged records were skipped");
	say_count(&damage, position->n_broken_groups, "incomplete group was skipped",
		  "incomplete groups were skipped");
	say_count(&damage, position->n_unknown, "record of an unknown kind was skipped",
		  "records of an unknown kind were skipped");
	if (position->overrun)
		say(&damage, "the writer overtook the reader");
	return damage.len > 0 ? reader->damage : NULL;
}
