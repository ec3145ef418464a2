/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_READER_PRIVATE_H
#define LEDGER_READER_PRIVATE_H

/*
 * ledger_reader_private - what a reader keeps between its calls (private to the reader)
 */

#include "ledger/ledger_bytes.h"
#include "ledger/ledger_clock.h"
#include "ledger/ledger_reader.h"

#define LEDGER_CHUNK_RECORDS 4096u

/*
 * @chunk: records of one segment, from chunk_at on, as read
 */
struct ledger_reader {
	struct ledger_bytes bytes;
	char *path;
	struct ledger_header header;
	bool fault_is_given; /* @header.fault is not the file's */
	struct ledger_clock clock;
	struct ledger_position position;
	uint64_t first_event;
	uint64_t n_records; /* in a segment */
	uint64_t newest_lap;
	struct ledger_any *chunk;
	uint32_t chunk_slot;
	uint64_t chunk_lap;
	uint64_t chunk_at;
	size_t chunk_len;
	struct ledger_area *areas;
	size_t areas_capacity;
	bool short_of_memory;
	char text[LEDGER_TEXT_MAX + 1];
	uint64_t frames[LEDGER_STACK_FRAMES_MAX];
	char damage[512];
};

#endif
