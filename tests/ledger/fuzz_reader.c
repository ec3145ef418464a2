/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Fuzzes the reader: reads and folds files that libFuzzer makes up
 *
 *     CC=clang meson setup build-fuzz -Db_lundef=false
 *     ninja -C build-fuzz tests/ledger/make_corpus tests/ledger/fuzz_reader
 *     mkdir corpus && build-fuzz/tests/ledger/make_corpus corpus
 *     build-fuzz/tests/ledger/fuzz_reader -max_len=32768 corpus
 *
 * Most mutations of a ledger break a state byte or the header and end early. So
 * after the usual mutation ours sets the header right in all but one of eight
 * inputs, and makes most records whole ones of the first lap.
 */

#include <stdlib.h>
#include <string.h>
#include "ledger/ledger_reader.h"
#include "ledger/replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* Everything handed out must be readable and in order; reading is how the sanitizers see it. */
static void look_at(const struct ledger_reader *reader, const struct ledger_entry *entry)
{
	ledger_reader_time_ns(reader, entry->ticks);
	if (entry->kind == LEDGER_OBJECT)
		require(strlen(entry->object.object.name) == entry->object.object.name_len);
	if (entry->kind == LEDGER_STACK)
		for (unsigned i = 0; i < entry->stack.n_frames; i++)
			require(ledger_trace_pc(&entry->stack, i) - entry->stack.frames[i] + 1 <=
				1);
	if (entry->kind == LEDGER_NOTE)
		require(strlen(entry->note.text) <= LEDGER_TEXT_MAX);
	if (entry->kind == LEDGER_RESYNC)
		for (uint32_t i = 0; i < entry->resync.head.n_areas; i++)
			require(entry->resync.areas[i].start < entry->resync.areas[i].end);
}

static uint64_t fold_everything(struct ledger_reader *reader)
{
	struct ledger_entry entry;
	struct replay replay;
	uint64_t event;

	require(replay_init(&replay, reader) == 0);
	while (replay_step(&replay, &entry) > 0)
		look_at(reader, &entry);
	require(memory_set_check(replay.space.set) == NULL);
	ledger_reader_damage(reader);
	event = replay.event;
	replay_finish(&replay);
	return event;
}

static void fold_up_to(struct ledger_reader *reader, uint64_t event)
{
	struct replay replay;

	require(replay_init(&replay, reader) == 0);
	require(replay_to_event(&replay, event) == 0);
	require(replay.event <= event || ledger_reader_first_event(reader) > event);
	require(memory_set_check(replay.space.set) == NULL);
	replay_finish(&replay);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ledger_problem problem = { { 0 } };
	struct ledger_reader *reader = ledger_reader_open_memory(data, size, &problem);
	uint64_t event;

	if (reader == NULL) {
		require(problem.text[0] != '\0');
		return 0;
	}
	event = fold_everything(reader);
	fold_up_to(reader, event / 2);
	ledger_reader_close(reader);
	return 0;
}

static void mend_header(uint8_t *data, uint64_t segment_size)
{
	struct ledger_header header;

	memcpy(&header, data, sizeof(header));
	memcpy(header.magic, LEDGER_MAGIC, sizeof(header.magic));
	header.version_major = LEDGER_VERSION_MAJOR;
	header.byte_order = LEDGER_BYTE_ORDER;
	header.header_size = LEDGER_HEADER_SIZE;
	header.record_size = LEDGER_RECORD_SIZE;
	header.page_size = 4096;
	header.n_segments = 2;
	header.segment_size = segment_size;
	memcpy(data, &header, sizeof(header));
}

static void mend_record(uint8_t *record, unsigned random)
{
	if (random % 16 == 0)
		return;
	record[0] = LEDGER_STATE(1, random % 16 == 1 ? LEDGER_STATE_BEGUN : LEDGER_STATE_DONE);
	if (random % 32 > 2)
		record[1] %= LEDGER_KIND_COUNT + 1;
	/* Object ids and counts are words at 4: small ones lead further, and are faster. */
	if (random % 64 > 2)
		memset(record + 5, 0, 3);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	size_t from = LEDGER_HEADER_SIZE + LEDGER_RECORD_SIZE;

	/* Keep the header out of the mutator's reach, most of the time. */
	if (seed % 8 != 0 && size > from && max_size > from)
		size = from + LLVMFuzzerMutate(data + from, size - from, max_size - from);
	else
		size = LLVMFuzzerMutate(data, size, max_size);
	if (seed % 8 == 0 || size < from)
		return size;
	mend_header(data, LEDGER_WINDOW_SIZE);
	srand(seed);
	for (size_t at = from; at + LEDGER_RECORD_SIZE <= size; at += LEDGER_RECORD_SIZE)
		mend_record(data + at, (unsigned)rand());
	return size;
}
