/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A process that goes on while its ledger and its map are compared
 *
 * The process is a child that maps what it is told, and whose ledger the test writes: so the
 * two can differ in every way that a recorder may leave behind when it is looked at.
 */

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../ledger/scratch.h"
#include "../ledger/session.h"
#include "base/clock.h"
#include "query/compare.h"
#include "query/ledger_view.h"
#include "query/live.h"
#include "vma/vm_flags.h"

#define SMALLEST (LEDGER_HEADER_SIZE + 2 * LEDGER_WINDOW_SIZE)
#define PLACE	 0x200000000000ULL
#define BESIDE	 (PLACE + 0x100000)
#define SIZE	 0x4000ULL
#define PAGE	 0x1000ULL
#define RW	 (PROT_READ | PROT_WRITE)
#define PRIVATE	 (MAP_PRIVATE | MAP_ANONYMOUS)
#define FIXED	 (PRIVATE | MAP_FIXED)

TestSuite(live, .fini = scratch_remove);

/* ------------------------------------------------------------- the process */

enum step { STEP_NOTHING, STEP_MAP, STEP_MAP_SHARED, STEP_MAP_STACK };

static bool take_step(unsigned char step)
{
	char *got;

	if (step == STEP_NOTHING)
		return true;
	got = mmap((void *)PLACE, SIZE, RW,
		   step == STEP_MAP_SHARED  ? MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED
		   : step == STEP_MAP_STACK ? FIXED | MAP_GROWSDOWN
					    : FIXED,
		   -1, 0);
	if (got == (char *)PLACE && step == STEP_MAP_STACK)
		*(volatile char *)((uintptr_t)got - PAGE) = 1;
	return got == (char *)PLACE;
}

struct subject {
	pid_t pid;
	int to;
	int from;
};

static void obey(int from, int to)
{
	unsigned char step;

	while (read(from, &step, 1) == 1) {
		step = take_step(step);
		if (write(to, &step, 1) != 1)
			break;
	}
	_exit(0);
}

static void tell(const struct subject *subject, enum step step)
{
	unsigned char byte = (unsigned char)step;

	cr_assert_eq(write(subject->to, &byte, 1), 1);
	cr_assert_eq(read(subject->from, &byte, 1), 1);
	cr_assert_eq(byte, 1, "the step was taken");
}

static struct subject start(void)
{
	struct subject subject;
	int there[2], back[2];

	cr_assert_eq(pipe(there), 0);
	cr_assert_eq(pipe(back), 0);
	subject = (struct subject){ .pid = fork(), .to = there[1], .from = back[0] };
	cr_assert_geq(subject.pid, 0);
	if (subject.pid == 0) {
		close(there[1]);
		obey(there[0], back[1]);
	}
	tell(&subject, STEP_NOTHING);
	return subject;
}

static void stop(const struct subject *subject)
{
	kill(subject->pid, SIGKILL);
	waitpid(subject->pid, NULL, 0);
}

/* --------------------------------------------------------------- its ledger */

static void write_baseline(struct session *session, const struct subject *subject)
{
	const struct addr_range whole = { 0, UINT64_MAX & ~(PAGE - 1) };
	struct vm_objects *objects = &session->space.objects;
	struct kernel_snapshot kernel;
	bool stable;

	cr_assert_eq(kernel_snapshot_read(&kernel, subject->pid, objects, &stable), 0);
	cr_assert(stable);
	for (uint32_t id = 1; vm_objects_get(objects, id) != NULL; id++) {
		const struct vm_object *object = vm_objects_get(objects, id);

		cr_assert(ledger_writer_room(&session->writer, ledger_object_records(object)));
		ledger_writer_object(&session->writer, id, object);
	}
	session_resync(session, VM_REASON_BASELINE, whole, kernel.areas, (uint32_t)kernel.n);
	kernel_snapshot_free(&kernel);
}

enum call_state { NO_CALL, CALL_DONE, CALL_BEGUN };

struct live_case {
	char name[56];
	enum step step;
	enum call_state state;
	enum vm_op op;
	uint64_t args[6];
	uint64_t n_unexplained;
	uint64_t n_in_flight; /* differences put down to the call */
	unsigned n_asked;     /* calls whose range the kernel was asked for */
	unsigned n_stacks;
	bool is_mapped; /* in the fold that was settled */
};

static void begin_call(struct session *session, const struct live_case *row)
{
	struct vm_call call = { .op = (uint8_t)row->op, .tid = 1, .ticks = clock_ticks() };

	memcpy(call.args, row->args, sizeof(call.args));
	cr_assert(ledger_writer_room(&session->writer, 1));
	cr_assert_not_null(ledger_writer_begin_call(&session->writer, &call));
}

static void record_call(struct session *session, const struct live_case *row)
{
	if (row->state == CALL_BEGUN)
		begin_call(session, row);
	else if (row->state == CALL_DONE)
		session_call(session, row->op, row->args,
			     row->op == VM_OP_MMAP ? (int64_t)PLACE : 0);
}

#define MMAP(addr, len, flags)                                                                     \
	VM_OP_MMAP,                                                                                \
	{                                                                                          \
		(addr), (len), RW, (flags), UINT64_MAX, 0                                          \
	}
#define NOTHING                                                                                    \
	VM_OP_NONE,                                                                                \
	{                                                                                          \
		0                                                                                  \
	}

static const struct live_case cases[] = {
	{ "nothing happened", STEP_NOTHING, NO_CALL, NOTHING, 0, 0, 0, 0, false },
	{ "a call is over, and recorded", STEP_MAP, CALL_DONE, MMAP(PLACE, SIZE, FIXED), 0, 0, 0, 0,
	  true },
	{ "a call was not recorded", STEP_MAP, NO_CALL, NOTHING, 1, 0, 0, 0, false },
	/* Its record may be younger than its end: who reads the map can't tell. */
	{ "the last call does not show", STEP_NOTHING, CALL_DONE, MMAP(PLACE, SIZE, FIXED), 0, 1, 0,
	  0, true },
	{ "in flight, and done", STEP_MAP, CALL_BEGUN, MMAP(PLACE, SIZE, FIXED), 0, 1, 1, 0, true },
	{ "in flight, and not done", STEP_NOTHING, CALL_BEGUN, MMAP(PLACE, SIZE, FIXED), 0, 0, 1, 0,
	  false },
	{ "in flight elsewhere", STEP_MAP, CALL_BEGUN, MMAP(BESIDE, SIZE, FIXED), 1, 0, 1, 0,
	  false },
	{ "in flight, for less", STEP_MAP, CALL_BEGUN, MMAP(PLACE, SIZE / 2, FIXED), 1, 0, 1, 0,
	  true },
	{ "in flight, for more", STEP_MAP, CALL_BEGUN, MMAP(PLACE, 2 * SIZE, FIXED), 0, 1, 1, 0,
	  true },
	{ "in flight, placed by the kernel", STEP_MAP, CALL_BEGUN, MMAP(0, SIZE - 1, PRIVATE), 0, 1,
	  1, 0, true },
	{ "in flight, of another size", STEP_MAP, CALL_BEGUN, MMAP(0, SIZE + 1, PRIVATE), 1, 0, 1,
	  0, false },
	{ "what it shows was not asked yet", STEP_MAP_SHARED, CALL_DONE,
	  MMAP(PLACE, SIZE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED), 0, 1, 1, 0, true },
	{ "a stack has grown", STEP_MAP_STACK, CALL_DONE, MMAP(PLACE, SIZE, FIXED | MAP_GROWSDOWN),
	  0, 0, 0, 1, true },
	{ "memory that is no stack has grown", STEP_MAP_STACK, CALL_DONE, MMAP(PLACE, SIZE, FIXED),
	  1, 0, 0, 0, true },
	{ "process creation is in flight",
	  STEP_MAP,
	  CALL_BEGUN,
	  VM_OP_FORK,
	  { 0 },
	  1,
	  0,
	  0,
	  0,
	  false },
};

/* --------------------------------------------------------------- comparing */

static void check_comparison(const struct live_case *row, struct ledger_view *view, pid_t pid)
{
	struct findings findings;

	cr_assert(compare_live(view, pid, &findings), "%s: %s", row->name, view->problem.what);
	cr_expect_eq(findings.with, COMPARED_PROCESS);
	cr_expect_eq(vm_comparison_unexplained(&findings.comparison), row->n_unexplained,
		     "%s: %u differ", row->name,
		     (unsigned)vm_comparison_unexplained(&findings.comparison));
	cr_expect_eq(findings.comparison.count[VM_DIFF_IN_FLIGHT], row->n_in_flight,
		     "%s: %u in flight", row->name,
		     (unsigned)findings.comparison.count[VM_DIFF_IN_FLIGHT]);
	cr_expect_eq(findings_differ(&findings), row->n_unexplained != 0, "%s", row->name);
	findings_free(&findings);
}

static void check_fold(const struct live_case *row, struct ledger_view *view, pid_t pid)
{
	struct live_notes notes;

	view_begin(view);
	cr_assert(live_fold(view, pid, &notes), "%s: %s", row->name, view->problem.what);
	cr_expect_eq(notes.n_in_flight, row->n_asked, "%s: %u asked", row->name, notes.n_in_flight);
	cr_expect_eq(notes.n_stacks, row->n_stacks, "%s: %u stacks", row->name, notes.n_stacks);
	cr_expect_eq(memory_set_find(view->replay.space.set, PLACE) != NULL, row->is_mapped, "%s",
		     row->name);
	cr_expect_eq(memory_set_find(view->replay.space.set, PLACE - PAGE) != NULL,
		     row->n_stacks != 0, "%s", row->name);
}

static void with_view(const struct live_case *row, pid_t pid,
		      void (*check)(const struct live_case *, struct ledger_view *, pid_t))
{
	struct ledger_view view;

	cr_assert(view_open(&view, scratch_path(), "live.mlg"));
	check(row, &view, pid);
	view_close(&view);
}

static void check_case(const struct live_case *row)
{
	struct subject subject = start();
	struct session session;

	cr_assert_eq(session_open(&session, scratch_path(), SMALLEST), 0);
	write_baseline(&session, &subject);
	tell(&subject, row->step);
	record_call(&session, row);
	with_view(row, subject.pid, check_comparison);
	with_view(row, subject.pid, check_fold);
	session_close(&session);
	scratch_remove();
	stop(&subject);
}

Test(live, a_difference_is_the_calls_that_may_have_made_it, .timeout = 60)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_case(&cases[i]);
}

static void expect_sentence(struct ledger_view *view, pid_t pid, const char *words)
{
	char expected[128];

	snprintf(expected, sizeof(expected), words, (int)pid);
	cr_expect_eq(view->problem.kind, PROBLEM_PROCESS);
	cr_expect_str_eq(view->problem.what, expected);
	problem_clear(&view->problem);
}

static void expect_problem(struct ledger_view *view, pid_t pid, const char *compared,
			   const char *folded)
{
	struct live_notes notes;
	struct findings findings;

	cr_expect_not(compare_live(view, pid, &findings));
	findings_free(&findings);
	expect_sentence(view, pid, compared);
	view_begin(view);
	cr_expect_not(live_fold(view, pid, &notes));
	expect_sentence(view, pid, folded);
}

Test(live, a_process_that_has_ended_is_no_map, .timeout = 60)
{
	struct subject subject = start();
	struct session session;
	struct ledger_view view;

	cr_assert_eq(session_open(&session, scratch_path(), SMALLEST), 0);
	write_baseline(&session, &subject);
	stop(&subject);
	cr_assert(view_open(&view, scratch_path(), "live.mlg"));
	expect_problem(&view, subject.pid, "process %d has ended",
		       "can't read the map of process %d: No such process");
	view_close(&view);
	session_close(&session);
}

Test(live, a_ledger_without_a_baseline_is_waited_for, .timeout = 60)
{
	static const char too_early[] =
		"process %d has only just started: its baseline is not in the ledger yet";
	struct subject subject = start();
	struct session session;
	struct ledger_view view;

	cr_assert_eq(session_open(&session, scratch_path(), SMALLEST), 0);
	cr_assert(view_open(&view, scratch_path(), "live.mlg"));
	expect_problem(&view, subject.pid, too_early, too_early);
	view_close(&view);
	session_close(&session);
	stop(&subject);
}
