/* SPDX-License-Identifier: Apache-2.0 */

/* Tests that folding a ledger gives the map that its recorder had. */

#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "../test_random.h"
#include "base/text.h"
#include "ledger/replay.h"
#include "scratch.h"
#include "session.h"

#define SMALLEST (LEDGER_HEADER_SIZE + 2 * LEDGER_WINDOW_SIZE)

TestSuite(replay, .fini = scratch_remove, .timeout = 240);

struct snapshot {
	char text[32768];
};

static void append(void *context, const char *part, size_t len)
{
	text_bytes(context, part, len);
}

static void take_snapshot(const struct vm_space *space, struct snapshot *snapshot)
{
	struct text text;

	cr_assert_null(memory_set_check(space->set));
	text_init(&text, snapshot->text, sizeof(snapshot->text));
	text_string(&text, "brk ");
	text_hex(&text, space->brk, 1);
	text_char(&text, '\n');
	memory_set_dump(space->set, append, &text);
	cr_assert_not(text.cut);
}

static void begin(struct replay *replay)
{
	struct ledger_problem problem = { { 0 } };
	struct ledger_reader *reader = ledger_reader_open(scratch_path(), &problem);

	cr_assert_not_null(reader, "%s", problem.text);
	cr_assert_eq(replay_init(replay, reader), 0);
}

static void end(struct replay *replay)
{
	struct ledger_reader *reader = replay->reader;

	replay_finish(replay);
	ledger_reader_close(reader);
}

static void assert_folds_to(uint64_t event, const struct snapshot *expected, uint64_t seed)
{
	static struct snapshot folded;
	struct replay replay;

	begin(&replay);
	cr_assert_eq(replay_to_event(&replay, event), 0);
	take_snapshot(&replay.space, &folded);
	cr_assert_str_eq(folded.text, expected->text,
			 "ML_TEST_SEED=%" PRIu64 " event %" PRIu64 "\n%s\nnot\n%s", seed, event,
			 folded.text, expected->text);
	end(&replay);
}

/* ---------------------------------------------------------------- equality */

Test(replay, ends_with_the_map_the_recorder_had)
{
	static struct snapshot live;
	uint64_t seed = seed_of_test();
	struct session session;

	cr_assert_eq(session_open(&session, scratch_path(), 64 << 20), 0);
	session_baseline(&session);
	session_random(&session, seed, 20000);
	take_snapshot(&session.space, &live);
	assert_folds_to(REPLAY_TO_END, &live, seed);
	session_close(&session);
}

/* As many stacks as a table holds, some again, one changed; each is as it was added last. */
Test(replay, finds_stacks_by_number)
{
	uint64_t seed = seed_of_test(), random = seed, frames[4];
	static uint64_t expected[2000];
	struct ledger_stacks stacks = { 0 };
	struct ledger_trace trace;

	for (unsigned i = 0; i < 20000; i++) {
		uint32_t n = (uint32_t)(draw(&random) % 2000);

		frames[0] = frames[3] = expected[n] = draw(&random) % 3 + 1;
		trace = (struct ledger_trace){ .id = n * n + 1, .n_frames = 4, .frames = frames };
		cr_assert_eq(ledger_stacks_add(&stacks, &trace), 0);
	}
	for (uint32_t n = 0; n < 2000; n++) {
		cr_assert_eq(ledger_stacks_find(&stacks, n * n + 1, &trace), expected[n] != 0);
		cr_assert(expected[n] == 0 || trace.frames[3] == expected[n],
			  "ML_TEST_SEED=%" PRIu64, seed);
	}
	cr_expect_not(ledger_stacks_find(&stacks, 0, &trace));
	cr_expect_not(ledger_stacks_find(&stacks, 3, &trace));
	ledger_stacks_finish(&stacks);
}

#define MOMENTS 40

Test(replay, stops_at_any_call)
{
	static struct snapshot moments[MOMENTS];
	uint64_t events[MOMENTS];
	uint64_t seed = seed_of_test();
	struct session session;

	cr_assert_eq(session_open(&session, scratch_path(), 64 << 20), 0);
	session_baseline(&session);
	for (unsigned i = 0; i < MOMENTS; i++) {
		take_snapshot(&session.space, &moments[i]);
		events[i] = session.writer.n_events;
		/* The moment of an event includes what it caused, up to the next call. */
		session_mprotect(&session, 0x3000, 0x1000, i % 4);
		session_random(&session, seed + i, 100);
	}
	for (unsigned i = 0; i < MOMENTS; i++)
		assert_folds_to(events[i], &moments[i], seed);
	session_close(&session);
}

Test(replay, begins_with_a_checkpoint_when_history_is_lost)
{
	static struct snapshot live;
	uint64_t seed = seed_of_test();
	struct session session;
	struct replay replay;

	cr_assert_eq(session_open(&session, scratch_path(), SMALLEST), 0);
	session_baseline(&session);
	for (unsigned i = 0; i < 12; i++) {
		session_random(&session, seed + i, 5000);
		take_snapshot(&session.space, &live);
		assert_folds_to(REPLAY_TO_END, &live, seed);
		assert_folds_to(session.writer.n_events, &live, seed);
	}
	cr_assert_gt(session.writer.lap_number, 2);
	begin(&replay);
	cr_expect_gt(ledger_reader_first_event(replay.reader), 1);
	cr_assert_eq(replay_to_event(&replay, REPLAY_TO_END), 0);
	cr_expect_eq(replay.event, session.writer.n_events);
	cr_expect_eq(replay.counts.n_calls,
		     session.writer.n_events - ledger_reader_first_event(replay.reader) + 1);
	cr_expect_eq(replay.counts.n_unknown_objects, 0);
	end(&replay);
	session_close(&session);
}

Test(replay, a_checkpoint_mends_the_map_behind_lost_records)
{
	static struct snapshot live, folded;
	struct session session;
	struct replay replay;

	cr_assert_eq(session_open(&session, scratch_path(), SMALLEST), 0);
	session_baseline(&session);
	session_mmap(&session, 0x10000, 0x4000, 3);
	session.writer.window[4 + 2].state = 0; /* the mmap, behind object, name, group of three */
	for (unsigned i = 0; i < 20000; i++)
		session_mprotect(&session, 0x3000, 0x1000, i % 4);
	cr_assert_eq(session.writer.lap_number, 2);
	take_snapshot(&session.space, &live);
	begin(&replay);
	cr_assert_eq(replay_to_event(&replay, 100), 0);
	cr_expect_null(memory_set_find(replay.space.set, 0x10000));
	cr_assert_eq(replay_to_event(&replay, REPLAY_TO_END), 0);
	take_snapshot(&replay.space, &folded);
	cr_expect_str_eq(folded.text, live.text);
	end(&replay);
	session_close(&session);
}

/* ---------------------------------------------------------------- findings */

Test(replay, counts_what_it_folds)
{
	struct memory_area as_said = { .range = { 0x3000, 0x4000 },
				       .flags = VM_READ | VM_WRITE,
				       .offset = MEMORY_AREA_NO_OFFSET };
	struct memory_area other = as_said;
	struct session session;
	struct replay replay;

	other.flags = VM_READ;
	cr_assert_eq(session_open(&session, scratch_path(), SMALLEST), 0);
	session_baseline(&session);
	session_odds_and_ends(&session);
	session_mmap(&session, 0x10000, 0x4000, 3);
	session_mprotect(&session, 0x20000, 0x1000, 3);
	session_call(&session, VM_OP_MUNMAP, (uint64_t[6]){ 1, 1 }, -EINVAL);
	session_resync(&session, VM_REASON_FAILED, as_said.range, &as_said, 1);
	session_resync(&session, VM_REASON_EFFECT, other.range, &other, 1);
	session_close(&session);
	begin(&replay);
	cr_assert_eq(replay_to_event(&replay, REPLAY_TO_END), 0);
	cr_expect_eq(replay.counts.n_calls, 3);
	cr_expect_eq(replay.counts.n_failed, 1);
	cr_expect_eq(replay.counts.n_changes, 2);
	cr_expect_eq(replay.counts.by_op[VM_OP_MMAP], 1);
	cr_expect_eq(replay.counts.by_tier[VM_TIER_SITE], 3);
	cr_expect_eq(replay.counts.resyncs[VM_REASON_BASELINE], 1);
	cr_expect_eq(replay.counts.resyncs[VM_REASON_FAILED], 1);
	cr_expect_eq(replay.counts.resync_changes, 1);
	cr_expect_eq(replay.counts.n_sites[LEDGER_SITE_PATCHED], 1);
	end(&replay);
}

Test(replay, knows_what_the_kernel_was_about_to_be_asked)
{
	struct memory_area answer = { .range = { 0x10000, 0x14000 },
				      .flags = VM_READ | VM_SHARED,
				      .offset = 0 };
	const uint64_t shared[6] = { 0, 0x4000, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1ULL, 0 };
	struct session session;
	struct replay replay;

	cr_assert_eq(session_open(&session, scratch_path(), SMALLEST), 0);
	session_baseline(&session);
	session_call(&session, VM_OP_MMAP, shared, 0x10000);
	begin(&replay);
	cr_assert_eq(replay_to_event(&replay, REPLAY_TO_END), 0);
	cr_assert_eq(replay.unanswered.n, 1);
	cr_expect_eq(replay.unanswered.doubt[0].range.start, 0x10000);
	cr_expect_eq(replay.unanswered.doubt[0].range.end, 0x14000);
	session_resync(&session, VM_REASON_IDENTITY, answer.range, &answer, 1);
	cr_assert_eq(replay_to_event(&replay, REPLAY_TO_END), 0);
	cr_expect_eq(replay.unanswered.n, 0);
	end(&replay);
	session_close(&session);
}

Test(replay, keeps_the_last_verify_with_its_own_object_ids)
{
	struct session session;
	struct replay replay;
	const struct vm_object *object;

	cr_assert_eq(session_open(&session, scratch_path(), SMALLEST), 0);
	session_baseline(&session);
	session_mprotect(&session, 0x3000, 0x1000, 1);
	session_odds_and_ends(&session);
	session_close(&session);
	begin(&replay);
	cr_assert_eq(replay_to_event(&replay, REPLAY_TO_END), 0);
	cr_assert(replay.has_verify);
	cr_expect_eq(replay.verify.n_unexplained, 2);
	cr_expect_eq(replay.verify_event, 1);
	cr_assert_eq(replay.n_verify_areas, 1);
	object = vm_objects_get(&replay.space.objects,
				(uint32_t)replay.verify_areas[0].tag[VM_TAG_OBJECT]);
	cr_assert_not_null(object);
	cr_expect_str_eq(object->name, "/usr/bin/example");
	end(&replay);
}

static void write_check(struct session *session, uint64_t event, uint64_t start, uint64_t end)
{
	struct memory_area area = { .range = { 0x3000, 0x4000 }, .flags = VM_READ };
	struct ledger_verify *check = ledger_writer_begin(&session->writer, LEDGER_VERIFY);

	check->event = event;
	check->start = start;
	check->end = end;
	check->n_areas = 1;
	ledger_writer_done(&session->writer, check);
	ledger_writer_area(&session->writer, &area);
}

Test(replay, remembers_the_first_call_with_a_difference)
{
	struct session session;
	struct replay replay;

	cr_assert_eq(session_open(&session, scratch_path(), SMALLEST), 0);
	session_baseline(&session);
	session_mprotect(&session, 0x3000, 0x1000, 1);
	write_check(&session, 1, 0x3000, 0x3800);
	write_check(&session, 1, 0x4000, 0x5000);
	session_mprotect(&session, 0x3000, 0x1000, 3);
	write_check(&session, 2, 0x3000, 0x4000);
	session_mprotect(&session, 0x3000, 0x1000, 1);
	write_check(&session, 3, 0x3000, 0x5000);
	session_close(&session);
	begin(&replay);
	cr_assert_eq(replay_to_event(&replay, REPLAY_TO_END), 0);
	cr_expect_eq(replay.n_checks_different, 2, "two more were senseless");
	cr_expect_eq(replay.first_check.event, 2);
	cr_expect_eq(replay.first_check.op, VM_OP_MPROTECT);
	end(&replay);
}

static void begin_and_leave(struct session *session, enum vm_op op)
{
	struct vm_call call = { .op = (uint8_t)op, .args = { 0x3000, 0x1000 } };

	cr_assert_not_null(ledger_writer_begin_call(&session->writer, &call));
}

Test(replay, shows_the_call_in_flight)
{
	struct session session;
	struct replay replay;

	cr_assert_eq(session_open(&session, scratch_path(), SMALLEST), 0);
	session_baseline(&session);
	session_mprotect(&session, 0x3000, 0x1000, 1);
	begin_and_leave(&session, VM_OP_MUNMAP);
	session_close(&session);
	begin(&replay);
	cr_assert_eq(replay_to_event(&replay, 1), 0);
	cr_expect_eq(replay.in_flight.op, VM_OP_NONE);
	cr_assert_eq(replay_to_event(&replay, REPLAY_TO_END), 0);
	cr_expect_eq(replay.in_flight.op, VM_OP_MUNMAP);
	cr_expect_eq(replay.in_flight.event, 2);
	cr_expect_eq(replay.event, 1);
	cr_expect_not_null(memory_set_find(replay.space.set, 0x3000), "nothing is known of it");
	end(&replay);
}

Test(replay, a_call_given_up_in_the_middle_is_not_in_flight)
{
	struct session session;
	struct replay replay;

	cr_assert_eq(session_open(&session, scratch_path(), SMALLEST), 0);
	session_baseline(&session);
	begin_and_leave(&session, VM_OP_MUNMAP);
	session_mprotect(&session, 0x3000, 0x1000, 1);
	session_close(&session);
	begin(&replay);
	cr_assert_eq(replay_to_event(&replay, REPLAY_TO_END), 0);
	cr_expect_eq(replay.in_flight.op, VM_OP_NONE);
	cr_expect_eq(replay.counts.n_unfinished, 1);
	cr_expect_eq(replay.counts.n_calls, 1);
	cr_expect_eq(replay.event, 2);
	end(&replay);
}

Test(replay, follows_a_live_ledger)
{
	static struct snapshot live, folded;
	struct session session;
	struct replay replay;

	cr_assert_eq(session_open(&session, scratch_path(), 3 << 20), 0);
	session_baseline(&session);
	begin(&replay);
	for (unsigned i = 0; i < 20; i++) {
		session_random(&session, i, 3000);
		cr_assert_eq(replay_to_event(&replay, REPLAY_TO_END), 0);
		take_snapshot(&session.space, &live);
		take_snapshot(&replay.space, &folded);
		cr_assert_str_eq(folded.text, live.text, "step %u\n%s\nnot\n%s", i, folded.text,
				 live.text);
	}
	cr_expect_null(ledger_reader_damage(replay.reader));
	end(&replay);
	session_close(&session);
}

/* Found by fuzzing: a move by one page of a huge range onto itself went on for ages. */
Test(replay, a_result_the_kernel_never_gives_ends_at_once)
{
	const uint64_t huge = 1ULL << 56;
	struct session session;
	struct replay replay;

	cr_assert_eq(session_open(&session, scratch_path(), SMALLEST), 0);
	session_baseline(&session);
	session_call(&session, VM_OP_MREMAP, (uint64_t[6]){ 0x1000, huge, huge, 3, 0x2000 },
		     0x2000);
	session_close(&session);
	begin(&replay);
	cr_assert_eq(replay_to_event(&replay, REPLAY_TO_END), 0);
	cr_expect_eq(replay.counts.n_calls, 1);
	end(&replay);
}
