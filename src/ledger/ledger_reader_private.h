/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_READER_PRIVATE_H
#define LEDGER_READER_PRIVATE_H

/* What the files of the reader share. */

#include "ledger/ledger_bytes.h"
#include "ledger/ledger_reader.h"

#define LEDGER_CHUNK_RECORDS 4096u
#define LEDGER_CLOCK_PAIRS   (LEDGER_SEGMENTS_MAX + 2)

struct ledger_clock {
	unsigned n;
	struct {
		uint64_t ticks;
		uint64_t ns; /* CLOCK_MONOTONIC */
	} pair[LEDGER_CLOCK_PAIRS];
};

/* One slot of the file, and the segment found in it. */
struct ledger_slot {
	struct ledger_segment head;
	uint64_t lap; /* 0: nothing that makes sense */
	uint32_t index;
	bool headless; /* the lap is a conclusion: the head is damaged, records behind it aren't */
};

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

/* ledger_header.c: NULL, or what is wrong. Ends the texts in the header. */
bool ledger_header_check(struct ledger_header *header, size_t len, struct ledger_problem *problem);
void ledger_header_refresh(struct ledger_reader *reader);

/* ledger_slots.c */
bool ledger_slot_find(const struct ledger_reader *reader, uint64_t lap, uint32_t after,
		      struct ledger_slot *slot);
/* The first segment of the history that is left; sets the newest lap and the clock. */
bool ledger_slots_first(struct ledger_reader *reader, struct ledger_slot *first);
uint64_t ledger_record_offset(const struct ledger_reader *reader, uint32_t slot, uint64_t record);
/* As the slot's head says now; 0: it makes no sense. */
uint64_t ledger_slot_lap(const struct ledger_reader *reader, uint32_t slot);

/* ledger_clock.c */
void ledger_clock_init(struct ledger_clock *clock, const struct ledger_header *header,
		       const struct ledger_slot *slots, unsigned n_slots);
uint64_t ledger_clock_ns(const struct ledger_clock *clock, uint64_t start_ns, uint64_t ticks);

/* ledger_records.c: records of the segment at the reader's position. */
enum ledger_progress { RECORD_NONE, RECORD_BEGUN, RECORD_DONE };

/* @record may be NULL. */
enum ledger_progress ledger_record_progress(const struct ledger_any *record, uint64_t lap);

/* NULL behind the segment's or the file's end. Valid until the next call. */
const struct ledger_any *ledger_records_get(struct ledger_reader *reader, uint64_t record);

/* The same, read again from the file if it was not done before. */
const struct ledger_any *ledger_records_get_fresh(struct ledger_reader *reader, uint64_t record);

/* The first marked record at or after this one; 0: none, or in the newest segment none nearby. */
uint64_t ledger_records_find(struct ledger_reader *reader, uint64_t record);

/* ledger_decode.c */
enum ledger_decoded {
	DECODED,      /* position moved behind it */
	DECODED_SKIP, /* position moved, nothing to hand out */
	DECODED_WAIT, /* the rest is not there (yet): position as before */
};

enum ledger_decoded ledger_decode(struct ledger_reader *reader, const struct ledger_any *record,
				  struct ledger_entry *entry);

#endif
