/* SPDX-License-Identifier: Apache-2.0 */

/* Tests ledgers whose writer was killed, or is still writing. */

#include <criterion/criterion.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../test_random.h"
#include "ledger/ledger_reader.h"
#include "ledger/replay.h"
#include "scratch.h"
#include "session.h"

#define SMALLEST (LEDGER_HEADER_SIZE + 2 * LEDGER_WINDOW_SIZE)

TestSuite(ledger_kill, .fini = scratch_remove, .timeout = 240);

/* What the writing child tells its parent, past the ledger. */
struct progress {
	_Atomic uint64_t n_done; /* calls completed */
	_Atomic uint32_t opened;
};

static struct progress *shared_progress(void)
{
	struct progress *progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE,
					 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	cr_assert_neq(progress, MAP_FAILED);
	return progress;
}

/* Call number n protects page n % 64 with n % 8: what it should be follows from its number. */
static void write_call(struct session *session, uint64_t n)
{
	session_mprotect(session, 0x10000 + n % 64 * 0x1000, 0x1000, n % 8);
}

static void write_for_ever(uint64_t max_size, struct progress *progress, uint64_t n_calls)
{
	struct session session;

	if (session_open(&session, scratch_path(), max_size) < 0)
		_exit(1);
	session_baseline(&session);
	session_mmap(&session, 0x10000, 0x40000, 0);
	progress->n_done = 1;
	progress->opened = 1;
	for (uint64_t n = 2; n <= n_calls; n++) {
		write_call(&session, n);
		progress->n_done = n;
	}
	ledger_writer_finish(&session.writer, LEDGER_END_EXIT, 0);
	_exit(0);
}

static pid_t start_writer(uint64_t max_size, struct progress *progress, uint64_t n_calls)
{
	pid_t child;

	progress->n_done = 0;
	progress->opened = 0;
	scratch_path();
	child = fork();
	cr_assert_geq(child, 0);
	if (child == 0)
		write_for_ever(max_size, progress, n_calls);
	return child;
}

static void check_call(const struct vm_call *call, uint64_t seed)
{
	if (call->event == 1)
		return;
	cr_assert_eq(call->op, VM_OP_MPROTECT, "ML_TEST_SEED=%" PRIu64, seed);
	cr_assert_eq(call->args[0], 0x10000 + call->event % 64 * 0x1000,
		     "ML_TEST_SEED=%" PRIu64 ": call %" PRIu64, seed, call->event);
	cr_assert_eq(call->args[2], call->event % 8);
}

/*
 * All calls from the first that is left on, one after the other; at most the
 * last one is in flight. Returns how many calls finished since the start.
 */
static uint64_t check_order(struct ledger_reader *reader, uint64_t seed)
{
	uint64_t expected = ledger_reader_first_event(reader);
	struct ledger_entry entry;
	bool in_flight = false;

	while (ledger_reader_next(reader, &entry)) {
		cr_assert_not(in_flight, "ML_TEST_SEED=%" PRIu64 ": more behind it", seed);
		if (entry.kind != LEDGER_CALL)
			continue;
		cr_assert_eq(entry.call.event, expected, "ML_TEST_SEED=%" PRIu64, seed);
		check_call(&entry.call, seed);
		expected += entry.finished;
		in_flight = !entry.finished;
	}
	return expected - 1;
}

static void check_killed(struct progress *progress, uint64_t seed)
{
	struct ledger_problem problem = { { 0 } };
	struct ledger_reader *reader = ledger_reader_open(scratch_path(), &problem);
	uint64_t n;

	if (reader == NULL) {
		cr_assert_not(progress->opened, "ML_TEST_SEED=%" PRIu64 ": %s", seed, problem.text);
		return;
	}
	n = check_order(reader, seed);
	cr_assert_geq(n, progress->n_done, "ML_TEST_SEED=%" PRIu64 ": %" PRIu64 " of %" PRIu64,
		      seed, n, progress->n_done);
	cr_assert_leq(n, progress->n_done + 1);
	cr_assert_null(ledger_reader_damage(reader), "ML_TEST_SEED=%" PRIu64 ": %s", seed,
		       ledger_reader_damage(reader));
	cr_assert_eq(ledger_reader_header(reader)->end, LEDGER_END_OPEN);
	ledger_reader_close(reader);
}

/* Deaths fall anywhere from the first moments to several times round the file. */
static void kill_after_a_while(pid_t child, struct progress *progress, uint64_t *random)
{
	uint64_t delay_us = draw(random) % (1 << draw(random) % 15);

	if (draw(random) % 16 != 0)
		while (progress->n_done == 0 && waitpid(child, NULL, WNOHANG) == 0)
			usleep(10);
	usleep((useconds_t)delay_us);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void kill_many_times(uint64_t max_size, unsigned rounds)
{
	struct progress *progress = shared_progress();
	uint64_t seed = seed_of_test(), random = seed;

	for (unsigned round = 0; round < rounds; round++) {
		kill_after_a_while(start_writer(max_size, progress, UINT64_MAX), progress, &random);
		if (access(scratch_path(), F_OK) < 0)
			continue;
		check_killed(progress, seed);
		unlink(scratch_path());
	}
}

Test(ledger_kill, every_completed_call_survives_sigkill)
{
	kill_many_times(64 << 20, 150);
}

Test(ledger_kill, so_it_does_in_a_file_that_is_written_round_and_round)
{
	kill_many_times(SMALLEST, 150);
}

/* ------------------------------------------------------------ still writing */

/* Follow a live ledger until its writer has gone. Returns the number of the last call. */
static uint64_t follow(pid_t child, uint64_t seed)
{
	struct ledger_reader *reader = ledger_reader_open(scratch_path(), NULL);
	struct ledger_entry entry;
	uint64_t last = 0;
	bool ended = false;

	cr_assert_not_null(reader);
	for (;;) {
		if (!ledger_reader_next(reader, &entry)) {
			if (ended)
				break;
			ended = waitpid(child, NULL, WNOHANG) == child;
			continue;
		}
		if (entry.kind != LEDGER_CALL)
			continue;
		cr_assert_eq(entry.call.event, last + 1, "ML_TEST_SEED=%" PRIu64, seed);
		check_call(&entry.call, seed);
		last += entry.finished;
	}
	cr_assert_null(ledger_reader_damage(reader), "%s", ledger_reader_damage(reader));
	cr_assert_eq(ledger_reader_header(reader)->end, LEDGER_END_EXIT,
		     "the header is kept fresh");
	ledger_reader_close(reader);
	return last;
}

Test(ledger_kill, a_reader_follows_the_writer)
{
	struct progress *progress = shared_progress();
	pid_t child;

	for (unsigned round = 0; round < 5; round++) {
		child = start_writer(64 << 20, progress, 200000);
		while (!progress->opened)
			usleep(10);
		cr_assert_eq(follow(child, 0), 200000);
		unlink(scratch_path());
	}
}

/* The file goes round faster than anyone can read it: what is read must be right all the same. */
Test(ledger_kill, a_reader_that_is_overtaken_notices)
{
	struct progress *progress = shared_progress();
	struct ledger_reader *reader;
	pid_t child = start_writer(SMALLEST, progress, 4000000);
	struct ledger_entry entry;
	uint64_t last, n_read = 0;

	while (!progress->opened)
		usleep(10);
	while (waitpid(child, NULL, WNOHANG) == 0) {
		reader = ledger_reader_open(scratch_path(), NULL);
		cr_assert_not_null(reader);
		for (last = 0; ledger_reader_next(reader, &entry);) {
			if (entry.kind != LEDGER_CALL)
				continue;
			check_call(&entry.call, 0);
			cr_assert(last == 0 || entry.call.event == last + 1);
			last += entry.finished || last == 0 ? entry.call.event - last : 0;
			n_read++;
		}
		ledger_reader_close(reader);
	}
	cr_assert_gt(n_read, 0);
}
