/* SPDX-License-Identifier: Apache-2.0 */

/* Tests the reader on damaged files. */

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../test_random.h"
#include "ledger/ledger_reader.h"
#include "ledger/replay.h"
#include "scratch.h"
#include "session.h"

#define SMALLEST (LEDGER_HEADER_SIZE + 2 * LEDGER_WINDOW_SIZE)

TestSuite(ledger_reader, .fini = scratch_remove);

static const char *problem_with(const void *bytes, size_t size)
{
	static struct ledger_problem problem;
	struct ledger_reader *reader;

	problem.text[0] = '\0';
	reader = ledger_reader_open_memory(bytes, size, &problem);
	cr_expect((reader == NULL) == (problem.text[0] != '\0'));
	ledger_reader_close(reader);
	return problem.text;
}

static const char *problem_with_path(const char *path)
{
	static struct ledger_problem problem;

	cr_assert_null(ledger_reader_open(path, &problem));
	return problem.text;
}

/* A ledger with history of every kind. Its bytes are as they were when it was killed. */
static uint8_t *make_ledger(unsigned n_steps, size_t max, size_t *size)
{
	struct session session;

	cr_assert_eq(session_open(&session, scratch_path(), SMALLEST), 0);
	session_baseline(&session);
	session_odds_and_ends(&session);
	session_random(&session, 1, n_steps);
	session_close(&session);
	return scratch_load(max, size);
}

/* ------------------------------------------------------------------ files */

Test(ledger_reader, says_why_a_file_cannot_be_opened)
{
	char directory[128];

	cr_expect_str_eq(problem_with_path(scratch_path()),
			 "cannot open: No such file or directory");
	cr_expect_str_eq(problem_with_path("/"), "is a directory, not a ledger");
	cr_expect_str_eq(problem_with_path("/dev/null"), "not a regular file");
	snprintf(directory, sizeof(directory), "%s", scratch_path());
	cr_assert_eq(mkfifo(directory, 0600), 0);
	cr_expect_str_eq(problem_with_path(directory), "not a regular file");
}

/* ---------------------------------------------------------------- headers */

struct header_case {
	char problem[96];
	uint32_t offset;
	uint32_t len;
	uint64_t value;
};

#define FIELD(name) offsetof(struct ledger_header, name), sizeof(((struct ledger_header *)0)->name)

static const struct header_case header_cases[] = {
	{ "", FIELD(reserved1), 0 },
	{ "", FIELD(version_minor), 99 },
	{ "not a mapledger ledger", FIELD(magic), 0x464c457f },
	{ "nothing was recorded in it", FIELD(magic), 0 },
	{ "written by a newer mapledger (format 2); this one reads format 1", FIELD(version_major),
	  2 },
	{ "damaged header: format 0", FIELD(version_major), 0 },
	{ "written on a machine with another byte order", FIELD(byte_order), 0x04030201 },
	{ "damaged header: byte order mark 0x01020305", FIELD(byte_order), 0x01020305 },
	{ "damaged header: header size 64", FIELD(header_size), 64 },
	{ "damaged header: record size 0", FIELD(record_size), 0 },
	{ "damaged header: record size 4294967295", FIELD(record_size), UINT32_MAX },
	{ "damaged header: page size 4095", FIELD(page_size), 4095 },
	{ "damaged header: page size 0", FIELD(page_size), 0 },
	{ "damaged header: 0 segments", FIELD(n_segments), 0 },
	{ "damaged header: 9 segments", FIELD(n_segments), 9 },
	{ "damaged header: segment size 0", FIELD(segment_size), 0 },
	{ "damaged header: segment size 1048575", FIELD(segment_size), 1048575 },
	{ "damaged header: segment size 18446744073708503040", FIELD(segment_size),
	  UINT64_MAX & ~0xfffffULL },
};

Test(ledger_reader, names_what_is_wrong_with_a_header)
{
	size_t size;
	uint8_t *bytes = make_ledger(3, 16384, &size);
	uint8_t header[LEDGER_HEADER_SIZE];

	memcpy(header, bytes, sizeof(header));
	for (unsigned i = 0; i < sizeof(header_cases) / sizeof(header_cases[0]); i++) {
		const struct header_case *row = &header_cases[i];
		size_t len = row->len < sizeof(row->value) ? row->len : sizeof(row->value);

		memcpy(bytes, header, sizeof(header));
		memcpy(bytes + row->offset, &row->value, len);
		cr_expect_str_eq(problem_with(bytes, size), row->problem);
	}
	free(bytes);
}

Test(ledger_reader, names_what_is_missing_of_a_header)
{
	size_t size;
	uint8_t *bytes = make_ledger(3, 16384, &size);

	cr_expect_str_eq(problem_with(bytes, 0), "empty file");
	cr_expect_str_eq(problem_with(bytes, 3), "not a mapledger ledger");
	cr_expect_str_eq(problem_with(bytes, 4095), "cut short in its header, after 4095 bytes");
	cr_expect_str_eq(problem_with(bytes, 4096), "");
	free(bytes);
}

Test(ledger_reader, texts_in_a_header_end)
{
	size_t size;
	uint8_t *bytes = make_ledger(3, 16384, &size);
	struct ledger_header *header = (struct ledger_header *)bytes;
	struct ledger_reader *reader;

	memset(header->executable, 'x', sizeof(header->executable));
	memset(header->shim_version, 'x', sizeof(header->shim_version));
	header->command_len = UINT32_MAX;
	reader = ledger_reader_open_memory(bytes, size, NULL);
	cr_assert_not_null(reader);
	cr_expect_eq(strlen(ledger_reader_header(reader)->executable), 1023);
	cr_expect_eq(strlen(ledger_reader_header(reader)->shim_version), 31);
	cr_expect_eq(ledger_reader_header(reader)->command_len, 1024);
	ledger_reader_close(reader);
	free(bytes);
}

Test(ledger_reader, a_huge_sparse_file_is_no_trouble)
{
	struct session session;
	struct ledger_reader *reader;
	struct ledger_entry entry;
	unsigned n = 0;

	cr_assert_eq(session_open(&session, scratch_path(), SMALLEST), 0);
	session_baseline(&session);
	session.writer.header->n_segments = 8;
	session.writer.header->segment_size = 1ULL << 36;
	session_close(&session);
	cr_assert_eq(truncate(scratch_path(), 1LL << 39), 0);
	reader = ledger_reader_open(scratch_path(), NULL);
	cr_assert_not_null(reader);
	while (ledger_reader_next(reader, &entry))
		n++;
	cr_expect_eq(n, 3);
	ledger_reader_close(reader);
}

/* ------------------------------------------------------------- cut short */

/* Whole calls among the records of a ledger's first @size bytes. */
static uint64_t count_calls(const uint8_t *bytes, size_t size)
{
	uint64_t n = 0;

	for (size_t at = LEDGER_HEADER_SIZE; at + LEDGER_RECORD_SIZE <= size;
	     at += LEDGER_RECORD_SIZE)
		n += bytes[at + 1] == LEDGER_CALL &&
		     bytes[at] == LEDGER_STATE(1, LEDGER_STATE_DONE);
	return n;
}

static uint64_t fold(const void *bytes, size_t size)
{
	struct ledger_reader *reader = ledger_reader_open_memory(bytes, size, NULL);
	struct replay replay;
	uint64_t n;

	cr_assert_not_null(reader);
	cr_assert_eq(replay_init(&replay, reader), 0);
	cr_assert_eq(replay_to_event(&replay, REPLAY_TO_END), 0);
	cr_assert_null(memory_set_check(replay.space.set));
	n = replay.counts.n_calls;
	replay_finish(&replay);
	ledger_reader_close(reader);
	return n;
}

Test(ledger_reader, what_is_left_of_a_cut_file_is_read, .timeout = 120)
{
	size_t size;
	uint8_t *whole = make_ledger(250, 24576, &size);

	for (size_t len = LEDGER_HEADER_SIZE; len <= size; len += len % 64 == 1 ? 62 : 1) {
		/* As much memory as the file has: a sanitizer sees every byte too many. */
		uint8_t *cut = malloc(len);

		memcpy(cut, whole, len);
		cr_assert_eq(fold(cut, len), count_calls(cut, len), "cut to %zu bytes", len);
		free(cut);
	}
	free(whole);
}

Test(ledger_reader, says_that_a_file_is_cut_short)
{
	size_t size;
	uint8_t *bytes = make_ledger(3, 8192, &size);
	struct ledger_reader *reader = ledger_reader_open_memory(bytes, size, NULL);

	cr_expect_str_eq(ledger_reader_damage(reader),
			 "the file is cut short: 8192 of 2101248 bytes");
	ledger_reader_close(reader);
	free(bytes);
}

/* --------------------------------------------------------------- damaged */

#define LEDGER_BYTES 32768

/* Calls before the record that byte @first lies in. */
static uint64_t calls_before(const uint8_t *bytes, size_t first)
{
	return count_calls(bytes, first - first % LEDGER_RECORD_SIZE);
}

/* The calls of two readers are the same up to number @n. */
static void assert_same_calls(const void *a, const void *b, size_t size, uint64_t n, uint64_t seed)
{
	struct ledger_reader *left = ledger_reader_open_memory(a, size, NULL);
	struct ledger_reader *right = ledger_reader_open_memory(b, size, NULL);
	struct ledger_entry l = { 0 }, r = { 0 };

	for (uint64_t i = 0; i < n; i++) {
		do
			cr_assert(ledger_reader_next(left, &l), "ML_TEST_SEED=%" PRIu64, seed);
		while (l.kind != LEDGER_CALL);
		do
			cr_assert(ledger_reader_next(right, &r), "ML_TEST_SEED=%" PRIu64, seed);
		while (r.kind != LEDGER_CALL);
		cr_assert_arr_eq(&l.call, &r.call, sizeof(l.call), "ML_TEST_SEED=%" PRIu64, seed);
	}
	ledger_reader_close(left);
	ledger_reader_close(right);
}

/* Returns the lowest offset that changed. */
static size_t damage(uint8_t *bytes, size_t size, uint64_t *random)
{
	unsigned n = 1 + draw(random) % 8;
	size_t first = size;

	for (unsigned i = 0; i < n; i++) {
		size_t at = LEDGER_HEADER_SIZE + LEDGER_RECORD_SIZE +
			    draw(random) % (size - LEDGER_HEADER_SIZE - LEDGER_RECORD_SIZE);

		bytes[at] = (uint8_t)draw(random);
		if (at < first)
			first = at;
	}
	return first;
}

Test(ledger_reader, flipped_bytes_spoil_nothing_before_them, .timeout = 240)
{
	uint64_t seed = seed_of_test(), random = seed;
	size_t size;
	uint8_t *whole = make_ledger(400, LEDGER_BYTES, &size);
	uint8_t *bytes = malloc(size);

	for (unsigned round = 0; round < 3000; round++) {
		size_t first;

		memcpy(bytes, whole, size);
		first = damage(bytes, size, &random);
		fold(bytes, size);
		if (round % 8 == 0)
			assert_same_calls(whole, bytes, size, calls_before(whole, first), seed);
	}
	free(bytes);
	free(whole);
}

Test(ledger_reader, noise_behind_a_header_is_survived)
{
	uint64_t random = seed_of_test();
	size_t size;
	uint8_t *bytes = make_ledger(3, LEDGER_BYTES, &size);

	for (unsigned round = 0; round < 300; round++) {
		for (size_t at = LEDGER_HEADER_SIZE; at < size; at++)
			bytes[at] = (uint8_t)draw(&random);
		for (size_t at = LEDGER_HEADER_SIZE; at < size; at += LEDGER_RECORD_SIZE) {
			bytes[at] = LEDGER_STATE(1, 1 + draw(&random) % 2);
			bytes[at + 1] %= LEDGER_KIND_COUNT + 2;
		}
		fold(bytes, size);
	}
	free(bytes);
}

/* ----------------------------------------------------------------- stacks */

static const uint64_t some_frames[LEDGER_STACK_FRAMES_MAX] = { 0x101, 0x102, 0x103 };

/* A ledger with a call by a stack of @n_frames; its record is returned, too. */
static struct ledger_any *stacked_call(uint8_t n_frames, size_t *size, struct ledger_any **stack)
{
	const struct ledger_trace trace = {
		.id = 5, .end = LEDGER_STACK_OUTERMOST, .n_frames = n_frames, .frames = some_frames
	};
	struct session session;
	struct ledger_any *file;

	cr_assert_eq(session_open(&session, scratch_path(), SMALLEST), 0);
	session_baseline(&session);
	session_stacked_call(&session, VM_OP_MUNMAP, (uint64_t[6]){ 0x3000, 0x1000 }, 0, &trace);
	session_close(&session);
	file = (struct ledger_any *)scratch_load(16384, size);
	*stack = file + LEDGER_HEADER_SIZE / LEDGER_RECORD_SIZE + 6;
	cr_assert_eq((*stack)->kind, LEDGER_STACK);
	return file;
}

/* Frames of the call's stack, or -1: it has none. */
static int frames_of_call(const void *bytes, size_t size)
{
	struct ledger_reader *reader = ledger_reader_open_memory(bytes, size, NULL);
	struct ledger_trace trace;
	struct replay replay;
	int n = -1;

	cr_assert_eq(replay_init(&replay, reader), 0);
	cr_assert_eq(replay_to_event(&replay, REPLAY_TO_END), 0);
	cr_expect_eq(replay.counts.n_calls, 1);
	cr_expect_eq(replay.counts.n_stacked, 1);
	if (ledger_stacks_find(&replay.stacks, 5, &trace))
		n = trace.n_frames;
	for (int i = 0; i < n; i++)
		cr_expect_eq(trace.frames[i], some_frames[i]);
	replay_finish(&replay);
	ledger_reader_close(reader);
	return n;
}

Test(ledger_reader, a_stack_of_any_depth_is_read)
{
	struct ledger_any *stack;
	size_t size;

	for (unsigned n = 0; n <= LEDGER_STACK_FRAMES_MAX; n++) {
		struct ledger_any *file = stacked_call((uint8_t)n, &size, &stack);

		cr_expect_eq(frames_of_call(file, size), (int)n);
		free(file);
		scratch_remove();
	}
}

Test(ledger_reader, a_damaged_stack_costs_no_call)
{
	static const struct {
		uint8_t record, byte, value;
	} rows[] = {
		{ 0, 0, 0 }, /* not even a record */
		{ 0, 0, LEDGER_STATE(1, LEDGER_STATE_BEGUN) },
		{ 0, 3, LEDGER_STACK_FRAMES_MAX + 1 },
		{ 0, 3, LEDGER_STACK_FRAMES_MAX }, /* more than there are */
		{ 0, 4, 0 },			   /* id 0 */
		{ 0, 4, 6 },			   /* somebody else's */
		{ 1, 0, 0 },
		{ 1, 1, LEDGER_TEXT },
		{ 2, 1, LEDGER_CALL + 200 },
	};
	struct ledger_any *stack;
	size_t size;

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ledger_any *file = stacked_call(16, &size, &stack);

		((uint8_t *)(stack + rows[i].record))[rows[i].byte] = rows[i].value;
		cr_expect_eq(frames_of_call(file, size), -1, "row %u", i);
		free(file);
		scratch_remove();
	}
}

/* ----------------------------------------------------- several segments */

/* Six segments' worth of calls in a file of three; returns all its bytes. */
static uint8_t *make_laps(size_t *size, uint64_t *n_events)
{
	struct session session;

	cr_assert_eq(session_open(&session, scratch_path(), 3 * LEDGER_WINDOW_SIZE + 8192), 0);
	session_baseline(&session);
	for (unsigned i = 0; i < 90000; i++)
		session_mprotect(&session, 0x3000, 0x1000, i % 4);
	*n_events = session.writer.n_events;
	session_close(&session);
	return scratch_load(4 << 20, size);
}

static uint64_t last_event(const void *bytes, size_t size, uint64_t *first)
{
	struct ledger_reader *reader = ledger_reader_open_memory(bytes, size, NULL);
	struct ledger_entry entry;
	uint64_t last = 0;

	*first = ledger_reader_first_event(reader);
	while (ledger_reader_next(reader, &entry)) {
		if (entry.kind != LEDGER_CALL)
			continue;
		cr_assert(last == 0 || entry.call.event == last + 1);
		last = entry.call.event;
	}
	ledger_reader_close(reader);
	return last;
}

static uint8_t *segment(uint8_t *bytes, unsigned slot)
{
	return bytes + LEDGER_HEADER_SIZE + slot * LEDGER_WINDOW_SIZE;
}

Test(ledger_reader, damaged_heads_of_segments_are_seen_through)
{
	size_t size;
	uint64_t n_events, first, first_left;
	uint8_t *bytes = make_laps(&size, &n_events);

	cr_assert_eq(last_event(bytes, size, &first), n_events);
	for (unsigned slots = 1; slots < 8; slots++) {
		uint8_t *damaged = malloc(size);

		memcpy(damaged, bytes, size);
		for (unsigned slot = 0; slot < 3; slot++)
			if (slots & 1u << slot)
				*segment(damaged, slot) = 0;
		cr_expect_geq(last_event(damaged, size, &first_left), n_events - first + 1);
		if (slots == 7)
			cr_expect_eq(first_left, 1, "no head tells how many there were before");
		free(damaged);
	}
	free(bytes);
}

Test(ledger_reader, a_lost_segment_ends_the_history_before_it)
{
	size_t size;
	uint64_t n_events, first, first_left;
	uint8_t *bytes = make_laps(&size, &n_events);
	struct ledger_header *header = (struct ledger_header *)bytes;
	uint64_t newest = (header->segment_lap - 1) % 3;
	uint64_t middle = (newest + 2) % 3;

	last_event(bytes, size, &first);
	memset(segment(bytes, (unsigned)middle), 0, LEDGER_WINDOW_SIZE);
	cr_expect_eq(last_event(bytes, size, &first_left), n_events);
	cr_expect_gt(first_left, first);
	free(bytes);
}

/* ------------------------------------------------ written while it is read */

static void store(const void *bytes, size_t size)
{
	FILE *file = fopen(scratch_path(), "wb");

	cr_assert_not_null(file);
	cr_assert_eq(fwrite(bytes, 1, size, file), size);
	cr_assert_eq(fclose(file), 0);
}

/* The lap in a slot's head changes behind the first record that is read. */
static unsigned read_with_lap(unsigned slot, uint64_t lap, uint8_t *bytes, size_t size,
			      char damage[256])
{
	struct ledger_segment *head = (struct ledger_segment *)segment(bytes, slot);
	struct ledger_segment before = *head;
	struct ledger_reader *reader = ledger_reader_open(scratch_path(), NULL);
	struct ledger_entry entry;
	const char *said;
	unsigned n = 1;

	cr_assert_not_null(reader);
	cr_assert(ledger_reader_next(reader, &entry));
	head->lap += lap;
	head->state = LEDGER_STATE(head->lap, LEDGER_STATE_DONE);
	store(bytes, size);
	while (ledger_reader_next(reader, &entry))
		n++;
	said = ledger_reader_damage(reader);
	snprintf(damage, 256, "%s", said != NULL ? said : "");
	cr_expect_eq(ledger_reader_lost_records(reader), lap != 0);
	cr_expect_not(lap != 0 && ledger_reader_next(reader, &entry), "nothing more of it");
	ledger_reader_close(reader);
	*head = before;
	store(bytes, size);
	return n;
}

/* A writer that goes round comes to the slot that is being read. */
Test(ledger_reader, notices_a_writer_that_overtakes_it)
{
	size_t size;
	uint64_t n_events;
	uint8_t *bytes = make_laps(&size, &n_events);
	unsigned oldest = (unsigned)(((struct ledger_header *)bytes)->segment_lap % 3);
	char damage[256];
	unsigned n;

	((struct ledger_header *)bytes)->end = LEDGER_END_OPEN;
	store(bytes, size);
	n = read_with_lap(oldest, 0, bytes, size, damage);
	cr_expect_null(strstr(damage, "overtook"), "%s", damage);
	cr_expect_lt(read_with_lap(oldest, 3, bytes, size, damage), n);
	cr_expect_not_null(strstr(damage, "the writer overtook the reader"), "%s", damage);
	free(bytes);
}

/* A call's states, before and behind the moment in which the reader comes to it. */
Test(ledger_reader, a_call_that_is_done_by_now_is_read_as_done)
{
	size_t size;
	uint8_t *bytes = make_ledger(0, 16384, &size);
	struct ledger_any *records = (struct ledger_any *)(bytes + LEDGER_HEADER_SIZE);
	struct ledger_any call = { .state = LEDGER_STATE(1, LEDGER_STATE_BEGUN),
				   .kind = LEDGER_CALL,
				   .byte2 = VM_OP_MUNMAP };
	struct ledger_entry entry = { 0 };
	struct ledger_reader *reader;
	unsigned last = 0;

	while (records[last].state != 0)
		last++;
	records[last] = call;
	((struct ledger_header *)bytes)->end = LEDGER_END_OPEN;
	store(bytes, size);
	reader = ledger_reader_open(scratch_path(), NULL);
	while (ledger_reader_next(reader, &entry))
		;
	cr_expect_eq(entry.kind, LEDGER_CALL);
	cr_expect_not(entry.finished);
	cr_expect_not(ledger_reader_next(reader, &entry), "still the same");
	records[last].state = LEDGER_STATE(1, LEDGER_STATE_DONE);
	store(bytes, size);
	cr_assert(ledger_reader_next(reader, &entry));
	cr_expect(entry.finished);
	cr_expect_eq(entry.call.event, 1);
	cr_expect_not(ledger_reader_next(reader, &entry));
	cr_expect_not(ledger_reader_lost_records(reader));
	ledger_reader_close(reader);
	free(bytes);
}
