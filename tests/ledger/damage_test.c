/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Bytes of a ledger are changed, and the reader must hand out everything else
 *
 * A row of the table says what is changed in which ledger, which records are read in spite of
 * it, and what the reader says of the rest.
 */

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ledger/ledger_reader.h"
#include "scratch.h"
#include "session.h"

#define FILE_BYTES   16384
#define SMALLEST     (LEDGER_HEADER_SIZE + 2 * LEDGER_WINDOW_SIZE)
#define CUT_SHORT    "the file is cut short: 16384 of 2101248 bytes"
#define EVENTS_MAX   8
#define EDITS_MAX    8
#define N_OF(array)  (sizeof(array) / sizeof((array)[0]))
#define CALL(n)	     (1u << (n))
#define CALLS_1_TO_3 (CALL(1) | CALL(2) | CALL(3))

TestSuite(ledger_damage, .fini = scratch_remove);

/* ---------------------------------------------------------------- ledgers */

static uint8_t *finish(struct session *session)
{
	size_t size;
	uint8_t *bytes;

	session_close(session);
	bytes = scratch_load(FILE_BYTES, &size);
	cr_assert_eq(size, FILE_BYTES);
	scratch_remove();
	return bytes;
}

static void begin(struct session *session)
{
	cr_assert_eq(session_open(session, scratch_path(), SMALLEST), 0);
	session_baseline(session); /* records 0-5: segment, object, text, group of 3 */
}

static void write_calls(struct session *session)
{
	session_mmap(session, 0x10000, 0x4000, 1);
	session_mprotect(session, 0x10000, 0x1000, 0);
	session_munmap(session, 0x12000, 0x1000);
}

/* Records 6-8 are calls. */
static uint8_t *three_calls(void)
{
	struct session session;

	begin(&session);
	write_calls(&session);
	return finish(&session);
}

/*
 * Records 6, 7: verify and its area; 8: site; 9, 10: stack; 11: thread; 12-14: note; 15-17:
 * calls; 18, 19: a group that follows them; 20: call.
 */
static uint8_t *every_kind(void)
{
	const struct addr_range range = { 0x12000, 0x13000 };
	const struct memory_area area = { .range = range, .offset = MEMORY_AREA_NO_OFFSET };
	struct session session;

	begin(&session);
	session_odds_and_ends(&session);
	write_calls(&session);
	session_resync(&session, VM_REASON_FAILED, range, &area, 1);
	session_munmap(&session, 0x11000, 0x1000);
	return finish(&session);
}

/* What a reader handed out. */
struct tally {
	unsigned n_entries;
	unsigned finished; /* CALL() bits */
	unsigned begun;
	uint8_t op[EVENTS_MAX];
	bool lost;
	char damage[512];
};

static void count_call(struct tally *tally, const struct ledger_entry *entry)
{
	uint64_t event = entry->call.event;

	cr_assert_lt(event, EVENTS_MAX);
	*(entry->finished ? &tally->finished : &tally->begun) |= CALL(event);
	tally->op[event] = entry->call.op;
}

static void count_to_end(struct ledger_reader *reader, struct tally *tally)
{
	struct ledger_entry entry;

	while (ledger_reader_next(reader, &entry)) {
		tally->n_entries++;
		if (entry.kind == LEDGER_CALL)
			count_call(tally, &entry);
	}
}

static struct tally read_all(struct ledger_reader *reader)
{
	struct tally tally = { 0 };
	const char *damage;

	count_to_end(reader, &tally);
	tally.lost = ledger_reader_lost_records(reader);
	damage = ledger_reader_damage(reader);
	snprintf(tally.damage, sizeof(tally.damage), "%s", damage != NULL ? damage : "");
	return tally;
}

static struct tally read_bytes(const uint8_t *bytes)
{
	struct ledger_reader *reader = ledger_reader_open_memory(bytes, FILE_BYTES, NULL);
	struct tally tally;

	cr_assert_not_null(reader);
	tally = read_all(reader);
	ledger_reader_close(reader);
	return tally;
}

/* ---------------------------------------------------------------- damages */

struct edit {
	uint16_t at; /* in the file; 0: no more edits */
	uint8_t value;
};

struct damage_case {
	char name[48];
	struct edit edits[EDITS_MAX];
	unsigned n_entries;
	unsigned finished;
	unsigned begun;
	bool lost;
	char damage[120]; /* behind CUT_SHORT */
};

#define BYTE(record, byte)	(LEDGER_HEADER_SIZE + (record)*LEDGER_RECORD_SIZE + (byte))
#define IN(record, type, field) BYTE(record, offsetof(struct ledger_##type, field))
#define KIND(record)		BYTE(record, 1)
#define STATE(record)		BYTE(record, 0)
#define HEADER(field)		offsetof(struct ledger_header, field)
#define BEGUN			LEDGER_STATE(1, LEDGER_STATE_BEGUN)

#define SKIPPED_1		", 1 damaged record was skipped"
#define SKIPPED_2		", 2 damaged records were skipped"
#define GROUP_1			", 1 incomplete group was skipped"
#define HEAD_1			", 1 segment has a damaged head"
#define UNKNOWN_1		", 1 record of an unknown kind was skipped"

static const struct damage_case call_cases[] = {
	{ "nothing", { { 0 } }, 6, CALLS_1_TO_3, 0, false, "" },
	{ "the segment's kind", { { KIND(0), 77 } }, 5, CALLS_1_TO_3, 0, true, HEAD_1 },
	{ "the segment's lap", { { BYTE(0, 8), 9 } }, 5, CALLS_1_TO_3, 0, true, HEAD_1 },
	{ "the segment's first event",
	  { { BYTE(0, 16), 0 } },
	  5,
	  CALLS_1_TO_3,
	  0,
	  true,
	  SKIPPED_1 },
	{ "an object's id", { { BYTE(1, 4), 0 } }, 5, CALLS_1_TO_3, 0, true, SKIPPED_2 },
	{ "an object's id is endless", { { BYTE(1, 7), 1 } }, 5, CALLS_1_TO_3, 0, true, SKIPPED_2 },
	{ "an object's name is longer",
	  { { BYTE(1, 32), 200 } },
	  5,
	  CALLS_1_TO_3,
	  0,
	  true,
	  GROUP_1 },
	{ "an object's name is endless",
	  { { BYTE(1, 34), 200 } },
	  5,
	  CALLS_1_TO_3,
	  0,
	  true,
	  SKIPPED_2 },
	{ "an object's build-id is too long",
	  { { BYTE(1, 2), 21 } },
	  6,
	  CALLS_1_TO_3,
	  0,
	  false,
	  "" },
	{ "a name's kind", { { KIND(2), LEDGER_SITE } }, 6, CALLS_1_TO_3, 0, true, GROUP_1 },
	{ "a group's count", { { BYTE(3, 4), 3 } }, 5, CALLS_1_TO_3, 0, true, GROUP_1 },
	{ "a group's huge count", { { BYTE(3, 7), 255 } }, 5, CALLS_1_TO_3, 0, true, GROUP_1 },
	{ "a group begins in a page", { { BYTE(3, 16), 1 } }, 5, CALLS_1_TO_3, 0, true, GROUP_1 },
	{ "a group begins at its end",
	  { { BYTE(3, 17), 0xf0 },
	    { BYTE(3, 18), 0xff },
	    { BYTE(3, 19), 0xff },
	    { BYTE(3, 20), 0xff },
	    { BYTE(3, 21), 0xff },
	    { BYTE(3, 22), 0xff },
	    { BYTE(3, 23), 0xff } },
	  5,
	  CALLS_1_TO_3,
	  0,
	  true,
	  GROUP_1 },
	{ "a group begins behind an area",
	  { { BYTE(3, 17), 0x20 } },
	  5,
	  CALLS_1_TO_3,
	  0,
	  true,
	  GROUP_1 },
	{ "an area begins in a page", { { BYTE(4, 8), 1 } }, 5, CALLS_1_TO_3, 0, true, GROUP_1 },
	{ "an area ends in a page",
	  { { BYTE(4, 16), 1 }, { BYTE(5, 9), 0x31 } },
	  5,
	  CALLS_1_TO_3,
	  0,
	  true,
	  GROUP_1 },
	{ "an area ends before its start",
	  { { BYTE(4, 17), 0 } },
	  5,
	  CALLS_1_TO_3,
	  0,
	  true,
	  GROUP_1 },
	{ "areas overlap", { { BYTE(5, 9), 0x20 } }, 5, CALLS_1_TO_3, 0, true, GROUP_1 },
	{ "a call's state", { { STATE(7), 0xff } }, 5, CALL(1) | CALL(3), 0, true, SKIPPED_1 },
	{ "a call's state is none", { { STATE(7), 0 } }, 5, CALL(1) | CALL(3), 0, true, SKIPPED_1 },
	{ "a call's operation",
	  { { BYTE(7, 2), 200 } },
	  5,
	  CALL(1) | CALL(3),
	  0,
	  false,
	  UNKNOWN_1 },
	{ "a call's operation is none",
	  { { BYTE(7, 2), 0 } },
	  5,
	  CALL(1) | CALL(3),
	  0,
	  false,
	  UNKNOWN_1 },
	{ "two calls' operations",
	  { { BYTE(6, 2), 200 }, { BYTE(7, 2), 201 } },
	  4,
	  CALL(3),
	  0,
	  false,
	  ", 2 records of an unknown kind were skipped" },
	{ "a call without its end",
	  { { STATE(7), BEGUN } },
	  6,
	  CALL(1) | CALL(3),
	  CALL(2),
	  false,
	  "" },
	{ "an unknown call without its end",
	  { { STATE(7), BEGUN }, { BYTE(7, 2), 200 } },
	  5,
	  CALL(1) | CALL(3),
	  0,
	  false,
	  UNKNOWN_1 },
	{ "the last call without its end",
	  { { STATE(8), BEGUN } },
	  6,
	  CALL(1) | CALL(2),
	  CALL(3),
	  false,
	  "" },
	{ "the last call unknown, without its end",
	  { { STATE(8), BEGUN }, { BYTE(8, 2), 200 } },
	  5,
	  CALL(1) | CALL(2),
	  0,
	  false,
	  "" },
	{ "another lap's call",
	  { { STATE(8), LEDGER_STATE(2, LEDGER_STATE_DONE) } },
	  5,
	  CALL(1) | CALL(2),
	  0,
	  false,
	  "" },
	{ "a later segment is promised",
	  { { HEADER(segment_lap), 2 } },
	  6,
	  CALLS_1_TO_3,
	  0,
	  false,
	  ", 1 segment is missing at the end" },
	{ "later segments are promised",
	  { { HEADER(segment_lap), 4 } },
	  6,
	  CALLS_1_TO_3,
	  0,
	  false,
	  ", 3 segments are missing at the end" },
	{ "no lap in segment and header",
	  { { KIND(0), 77 }, { HEADER(segment_lap), 0 } },
	  0,
	  0,
	  0,
	  false,
	  ", no segment can be read" },
	{ "no lap that the records agree to",
	  { { KIND(0), 77 }, { HEADER(segment_lap), 3 } },
	  0,
	  0,
	  0,
	  false,
	  ", no segment can be read" },
	{ "a head and two witnesses of four",
	  { { KIND(0), 77 }, { STATE(1), 0 }, { STATE(2), 0 } },
	  0,
	  0,
	  0,
	  false,
	  ", no segment can be read" },
	{ "a head and one witness of four",
	  { { KIND(0), 77 }, { STATE(2), 0 } },
	  4,
	  CALLS_1_TO_3,
	  0,
	  true,
	  HEAD_1 SKIPPED_1 GROUP_1 },
	{ "a head's state", { { STATE(0), BEGUN } }, 5, CALLS_1_TO_3, 0, true, HEAD_1 },
	{ "a head's lap is none", { { BYTE(0, 8), 0 } }, 5, CALLS_1_TO_3, 0, true, HEAD_1 },
};

/* Calls get other numbers than they had. */
static const struct damage_case renumbering_cases[] = {
	{ "a call's kind is newer",
	  { { KIND(7), 200 } },
	  5,
	  CALL(1) | CALL(2),
	  0,
	  false,
	  UNKNOWN_1 },
	{ "a segment begins later than it did",
	  { { BYTE(0, 16), 4 } },
	  6,
	  CALL(4) | CALL(5) | CALL(6),
	  0,
	  false,
	  "" },
};

#define ALL_4 (CALLS_1_TO_3 | CALL(4))

static const struct damage_case kind_cases[] = {
	{ "nothing", { { 0 } }, 13, ALL_4, 0, false, "" },
	{ "a comparison's count", { { IN(6, verify, n_areas), 2 } }, 12, ALL_4, 0, true, GROUP_1 },
	{ "a comparison's area",
	  { { KIND(7), LEDGER_TEXT } },
	  12,
	  ALL_4,
	  0,
	  true,
	  SKIPPED_1 GROUP_1 },
	{ "a comparison of nothing", { { IN(6, verify, event), 1 } }, 12, ALL_4, 0, true, GROUP_1 },
	{ "a comparison of a part",
	  { { IN(6, verify, event), 1 },
	    { IN(6, verify, start) + 1, 0x10 },
	    { IN(6, verify, end) + 1, 0x30 } },
	  13,
	  ALL_4,
	  0,
	  false,
	  "" },
	{ "a comparison begins in a page",
	  { { IN(6, verify, event), 1 },
	    { IN(6, verify, start), 1 },
	    { IN(6, verify, end) + 1, 0x30 } },
	  12,
	  ALL_4,
	  0,
	  true,
	  GROUP_1 },
	{ "a comparison ends in a page",
	  { { IN(6, verify, event), 1 },
	    { IN(6, verify, end), 1 },
	    { IN(6, verify, end) + 1, 0x30 } },
	  12,
	  ALL_4,
	  0,
	  true,
	  GROUP_1 },
	{ "a comparison's area ends behind it",
	  { { IN(6, verify, event), 1 }, { IN(6, verify, end) + 1, 0x20 } },
	  12,
	  ALL_4,
	  0,
	  true,
	  GROUP_1 },
	{ "a site without its end", { { STATE(8), BEGUN } }, 12, ALL_4, 0, true, SKIPPED_1 },
	{ "a site is of no kind", { { KIND(8), LEDGER_EMPTY } }, 12, ALL_4, 0, true, SKIPPED_1 },
	{ "a site is a segment", { { KIND(8), LEDGER_SEGMENT } }, 12, ALL_4, 0, true, SKIPPED_1 },
	{ "a site is an area", { { KIND(8), LEDGER_AREA } }, 12, ALL_4, 0, true, SKIPPED_1 },
	{ "a site is a text", { { KIND(8), LEDGER_TEXT } }, 12, ALL_4, 0, true, SKIPPED_1 },
	{ "a site is frames", { { KIND(8), LEDGER_FRAMES } }, 12, ALL_4, 0, true, SKIPPED_1 },
	{ "a site is newer", { { KIND(8), LEDGER_KIND_COUNT } }, 12, ALL_4, 0, false, UNKNOWN_1 },
	{ "a stack's id", { { IN(9, stack, id), 0 } }, 12, ALL_4, 0, true, SKIPPED_2 },
	{ "a stack's depth",
	  { { IN(9, stack, n_frames), LEDGER_STACK_FRAMES_MAX + 1 } },
	  12,
	  ALL_4,
	  0,
	  true,
	  SKIPPED_2 },
	{ "a stack's frames", { { KIND(10), LEDGER_SITE } }, 13, ALL_4, 0, true, GROUP_1 },
	{ "a stack without its end", { { STATE(9), BEGUN } }, 12, ALL_4, 0, true, SKIPPED_2 },
	{ "a note's length",
	  { { IN(12, note, text_len) + 1, 0x21 } },
	  12,
	  ALL_4,
	  0,
	  true,
	  ", 3 damaged records were skipped" },
	{ "a note's text", { { KIND(14), LEDGER_SITE } }, 13, ALL_4, 0, true, GROUP_1 },
	{ "a note's text without its end",
	  { { STATE(14), BEGUN } },
	  12,
	  ALL_4,
	  0,
	  true,
	  SKIPPED_1 GROUP_1 },
	{ "what was lost before a rebuilt map",
	  { { KIND(11), LEDGER_EMPTY }, { IN(12, note, note), LEDGER_NOTE_REBUILT } },
	  12,
	  ALL_4,
	  0,
	  false,
	  "" },
	{ "a group lost before a rebuilt map",
	  { { KIND(10), LEDGER_EMPTY },
	    { KIND(11), LEDGER_EMPTY },
	    { IN(12, note, note), LEDGER_NOTE_REBUILT } },
	  11,
	  ALL_4,
	  0,
	  false,
	  "" },
	{ "what was lost longer before it",
	  { { KIND(8), LEDGER_EMPTY }, { IN(12, note, note), LEDGER_NOTE_REBUILT } },
	  12,
	  ALL_4,
	  0,
	  true,
	  SKIPPED_1 },
	{ "what was lost before another note",
	  { { KIND(11), LEDGER_EMPTY } },
	  12,
	  ALL_4,
	  0,
	  true,
	  SKIPPED_1 },
	{ "a late group's area without its end",
	  { { STATE(19), BEGUN } },
	  12,
	  ALL_4,
	  0,
	  true,
	  SKIPPED_1 GROUP_1 },
	{ "the last group's area without its end",
	  { { STATE(19), BEGUN }, { STATE(20), 0 } },
	  11,
	  CALLS_1_TO_3,
	  0,
	  false,
	  "" },
	{ "the last group's area is another's",
	  { { STATE(19), BEGUN }, { KIND(19), LEDGER_TEXT }, { STATE(20), 0 } },
	  11,
	  CALLS_1_TO_3,
	  0,
	  true,
	  GROUP_1 },
	{ "the last group's area is missing",
	  { { STATE(19), 0 }, { STATE(20), 0 } },
	  11,
	  CALLS_1_TO_3,
	  0,
	  false,
	  "" },
	{ "the last group has no end",
	  { { STATE(18), BEGUN }, { STATE(19), 0 }, { STATE(20), 0 } },
	  11,
	  CALLS_1_TO_3,
	  0,
	  false,
	  "" },
};

enum numbers { NUMBERS_STAY, NUMBERS_CHANGE };

static void check_case(const struct damage_case *row, const uint8_t *whole, enum numbers numbers)
{
	const struct tally before = read_bytes(whole);
	uint8_t *bytes = malloc(FILE_BYTES);
	char expected[256];
	struct tally tally;

	memcpy(bytes, whole, FILE_BYTES);
	for (unsigned i = 0; i < EDITS_MAX && row->edits[i].at != 0; i++)
		bytes[row->edits[i].at] = row->edits[i].value;
	tally = read_bytes(bytes);
	snprintf(expected, sizeof(expected), CUT_SHORT "%s", row->damage);
	cr_expect_eq(tally.n_entries, row->n_entries, "%s: %u entries", row->name, tally.n_entries);
	cr_expect_eq(tally.finished, row->finished, "%s: calls %#x", row->name, tally.finished);
	cr_expect_eq(tally.begun, row->begun, "%s: begun %#x", row->name, tally.begun);
	cr_expect_eq(tally.lost, row->lost, "%s: lost %d", row->name, tally.lost);
	cr_expect_str_eq(tally.damage, expected, "%s: %s", row->name, tally.damage);
	for (unsigned event = 0; event < EVENTS_MAX; event++)
		if (tally.op[event] != 0 && before.op[event] != 0 && numbers == NUMBERS_STAY)
			cr_expect_eq(tally.op[event], before.op[event], "%s: call %u", row->name,
				     event);
	free(bytes);
}

static void check_cases(const struct damage_case *rows, size_t n, uint8_t *whole,
			enum numbers numbers)
{
	for (size_t i = 0; i < n; i++)
		check_case(&rows[i], whole, numbers);
	free(whole);
}

Test(ledger_damage, goes_on_behind_a_damaged_record)
{
	check_cases(call_cases, N_OF(call_cases), three_calls(), NUMBERS_STAY);
	check_cases(renumbering_cases, N_OF(renumbering_cases), three_calls(), NUMBERS_CHANGE);
}

Test(ledger_damage, goes_on_behind_a_damaged_record_of_any_kind)
{
	check_cases(kind_cases, N_OF(kind_cases), every_kind(), NUMBERS_STAY);
}

Test(ledger_damage, an_object_without_its_build_id_keeps_its_name)
{
	uint8_t *bytes = three_calls();
	struct ledger_reader *reader;
	struct ledger_entry entry;

	for (unsigned len = 20; len <= 21; len++) {
		bytes[IN(1, object, build_id_len)] = (uint8_t)len;
		reader = ledger_reader_open_memory(bytes, FILE_BYTES, NULL);
		do
			cr_assert(ledger_reader_next(reader, &entry));
		while (entry.kind != LEDGER_OBJECT);
		cr_expect_eq(entry.object.object.build_id_len, len == 20 ? 20 : 0);
		cr_expect_str_eq(entry.object.object.name, "/usr/bin/example");
		ledger_reader_close(reader);
	}
	free(bytes);
}

Test(ledger_damage, a_call_in_flight_is_given_once)
{
	uint8_t *bytes = three_calls();
	struct ledger_reader *reader;
	struct ledger_position start;
	struct tally tally;

	bytes[STATE(8)] = BEGUN;
	reader = ledger_reader_open_memory(bytes, FILE_BYTES, NULL);
	start = ledger_reader_tell(reader);
	tally = read_all(reader);
	cr_expect_eq(tally.n_entries, 6);
	cr_expect_eq(tally.op[3], VM_OP_MUNMAP);
	cr_expect_eq(tally.begun, CALL(3));
	cr_expect_eq(read_all(reader).n_entries, 0, "not a second time");
	ledger_reader_rewind(reader);
	cr_expect_eq(read_all(reader).n_entries, 6, "but again after a rewind");
	ledger_reader_seek(reader, &start);
	cr_expect_eq(read_all(reader).n_entries, 6, "and from a place before it");
	ledger_reader_close(reader);
	free(bytes);
}

/* Killed between the two stores that make an area whole: nobody damaged that group. */
Test(ledger_damage, a_group_in_flight_is_no_damage)
{
	uint8_t *bytes = three_calls();
	struct tally tally;

	bytes[STATE(5)] = BEGUN;
	for (unsigned i = 6; i < 9; i++)
		bytes[STATE(i)] = 0;
	tally = read_bytes(bytes);
	cr_expect_eq(tally.n_entries, 2, "all before the group");
	cr_expect_not(tally.lost, "%s", tally.damage);
	free(bytes);
}
