/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "query/compare.h"
#include "query/heap.h"
#include "vma/vm_touch.h"
#include "vma/vm_flags.h"

#define LIVE_LOOKS    8
#define LIVE_PAUSE_NS 10000000

uint64_t canonical_count(const struct vm_space *space)
{
	struct vm_canonical canonical;
	struct vm_set_source source;
	struct memory_area run;
	uint64_t n = 0;

	vm_set_source_init(&source, space->set, MEMORY_SET_ALL);
	vm_canonical_init(&canonical, &source.source);
	while (vm_canonical_next(&canonical, &run))
		n++;
	return n;
}

void findings_free(struct findings *findings)
{
	free(findings->found);
	*findings = (struct findings){ 0 };
}

static void keep_difference(void *context, const struct vm_difference *difference)
{
	struct findings *findings = context;
	struct found_difference *found;

	if (findings->n_found == FOUND_MAX)
		return;
	found = &findings->found[findings->n_found++];
	*found = (struct found_difference){ .kind = difference->kind, .range = difference->range };
	found->has_kernel = difference->kernel != NULL;
	found->has_ours = difference->ours != NULL;
	if (found->has_kernel)
		found->kernel = *difference->kernel;
	if (found->has_ours)
		found->ours = *difference->ours;
}

bool findings_differ(const struct findings *findings)
{
	return vm_comparison_unexplained(&findings->comparison) != 0 ||
	       findings->n_checks_different != 0;
}

static void compare_part(struct ledger_view *view, const struct memory_area *areas, size_t n_areas,
			 struct addr_range range, struct findings *findings)
{
	struct vm_array_source theirs;
	struct vm_set_source ours;

	vm_array_source_init(&theirs, areas, n_areas);
	vm_set_source_init(&ours, view->replay.space.set, range);
	vm_compare(&theirs.source, &ours.source, range, keep_difference, findings,
		   &findings->comparison);
}

static void compare_now(struct ledger_view *view, const struct memory_area *areas, size_t n_areas,
			struct findings *findings)
{
	findings->n_found = 0;
	findings->comparison = (struct vm_comparison){ 0 };
	findings->event = view->first_event - 1 + view->replay.counts.n_calls;
	if (view->replay.event > 0)
		findings->event = view->replay.event;
	if (findings->found == NULL)
		findings->found = heap_array(FOUND_MAX, sizeof(*findings->found));
	compare_part(view, areas, n_areas, MEMORY_SET_ALL, findings);
}

/* Which events frame a difference: one pass over the calls for all of them. */
static void frame_differences(struct ledger_view *view, struct findings *findings)
{
	struct ledger_reader *reader;
	struct ledger_entry entry;
	uint64_t event = view->first_event - 1;

	if (findings->n_found == 0)
		return;
	reader = view_reread(view);
	for (size_t i = 0; i < findings->n_found; i++)
		findings->found[i].before = findings->event;
	while (event < findings->event && ledger_reader_next(reader, &entry)) {
		struct touch touch;

		if (entry.kind != LEDGER_CALL)
			continue;
		event = entry.call.event;
		touch = touch_of_call(&view->replay.space, &entry.call, entry.finished);
		for (size_t i = 0; i < findings->n_found; i++)
			if (touch_overlaps(&touch, findings->found[i].range))
				findings->found[i].after = event;
	}
}

/* ------------------------------------------------------------------- recorded */

void compare_check(struct ledger_view *view, struct found_difference *first)
{
	const struct ledger_verify *head = &view->replay.verify;
	struct findings part = { .found = heap_array(FOUND_MAX, sizeof(*part.found)) };

	*first = (struct found_difference){ .kind = VM_DIFF_NONE };
	compare_part(view, view->replay.verify_areas, view->replay.n_verify_areas,
		     (struct addr_range){ head->start, head->end }, &part);
	for (size_t i = 0; i < part.n_found && first->kind == VM_DIFF_NONE; i++)
		if (!VM_DIFF_IS_TOLERANCE(part.found[i].kind))
			*first = part.found[i];
	findings_free(&part);
}

/* Calls that were recorded late may stand between the call and its check. */
static void find_call(struct ledger_view *view, struct vm_call *call)
{
	struct ledger_reader *reader = view_reread(view);
	struct ledger_entry entry;

	while (call->op == VM_OP_NONE && ledger_reader_next(reader, &entry))
		if (entry.kind == LEDGER_CALL && entry.call.event == call->event)
			*call = entry.call;
}

static void keep_checks(struct ledger_view *view, struct findings *findings)
{
	findings->n_checks_different = view->replay.n_checks_different;
	findings->first_check = view->replay.first_check;
	if (findings->n_checks_different > 0)
		find_call(view, &findings->first_check);
}

static void look_at_verify(struct ledger_view *view, const struct ledger_verify *head,
			   struct findings *findings)
{
	struct replay *replay = &view->replay;

	if (head->event != 0) {
		if (replay->n_checks_different == 1)
			compare_check(view, &findings->first_difference);
		return;
	}
	compare_now(view, replay->verify_areas, replay->n_verify_areas, findings);
	findings->with = head->at_exit ? COMPARED_EXIT : COMPARED_EARLIER;
}

void compare_recorded(struct ledger_view *view, struct findings *findings)
{
	struct ledger_entry entry;

	*findings = (struct findings){ .stable = true };
	view_begin(view);
	while (view_step(view, &entry) > 0)
		if (entry.kind == LEDGER_VERIFY && view->replay.has_verify)
			look_at_verify(view, &entry.verify.head, findings);
	keep_checks(view, findings);
	frame_differences(view, findings);
}

/* ----------------------------------------------------------------------- live */

/*
 * A process that goes on while its map is read. Ticks tell which calls were over
 * when the reading began: these are folded. Those that were under way, or were
 * made while it lasted, may or may not show in what was read: a difference
 * that lies in what they touch is put down to them.
 */
struct live {
	struct ledger_view *view;
	pid_t pid;
	struct ledger_reader *ahead;
	struct ledger_entry next; /* read from @ahead, but younger than the last reading */
	bool has_next;
	struct addr_range *ranges; /* touched by calls around the reading */
	size_t n_ranges;
	size_t capacity;
	uint64_t unplaced; /* size of an area that a call in flight puts somewhere, or 0 */
};

static void add_range(struct live *live, struct addr_range range)
{
	live->ranges = heap_grow(live->ranges, live->n_ranges, &live->capacity, 64, sizeof(range));
	live->ranges[live->n_ranges++] = range;
}

static void add_entry(struct live *live, const struct ledger_entry *entry)
{
	struct touch touch;

	if (entry->kind == LEDGER_RESYNC && !entry->in_checkpoint)
		add_range(live,
			  (struct addr_range){ entry->resync.head.start, entry->resync.head.end });
	if (entry->kind != LEDGER_CALL)
		return;
	touch = touch_of_call(&live->view->replay.space, &entry->call, entry->finished);
	if (!entry->finished)
		live->unplaced = touch_unplaced_size(&entry->call);
	for (unsigned i = 0; i < touch.n; i++)
		add_range(live, touch.range[i]);
}

/* The last call that began before the reading may have ended after its begin. */
static void fold_until(struct live *live, const struct kernel_snapshot *kernel)
{
	struct replay *replay = &live->view->replay;
	struct ledger_entry last = { 0 };
	uint64_t event = replay->event;

	live->n_ranges = 0;
	live->unplaced = 0;
	while (live->has_next || ledger_reader_next(live->ahead, &live->next)) {
		live->has_next = true;
		if (live->next.kind == LEDGER_CALL && live->next.ticks > kernel->ticks_before)
			break;
		if (live->next.kind == LEDGER_CALL) {
			last = live->next;
			event = live->next.call.event;
		}
		live->has_next = false;
	}
	if (event > replay->event)
		heap_require(replay_to_event(replay, event));
	if (last.kind == LEDGER_CALL)
		add_entry(live, &last);
	while (live->has_next || ledger_reader_next(live->ahead, &live->next)) {
		live->has_next = live->next.ticks > kernel->ticks_after;
		add_entry(live, &live->next);
		if (live->has_next)
			break;
	}
}

static bool is_covered(const struct live *live, struct addr_range range)
{
	bool moved = true;

	while (moved && range.start < range.end) {
		moved = false;
		for (size_t i = 0; i < live->n_ranges; i++)
			if (live->ranges[i].start <= range.start &&
			    live->ranges[i].end > range.start) {
				range.start = live->ranges[i].end;
				moved = true;
			}
	}
	return range.start >= range.end;
}

static bool is_in_flight(const struct live *live, const struct found_difference *found)
{
	if (VM_DIFF_IS_TOLERANCE(found->kind))
		return false;
	if (found->kind == VM_DIFF_KERNEL_ONLY && live->unplaced != 0 &&
	    found->range.end - found->range.start == live->unplaced)
		return true;
	return is_covered(live, found->range);
}

static void excuse_in_flight(const struct live *live, struct findings *findings)
{
	for (size_t i = 0; i < findings->n_found; i++) {
		if (!is_in_flight(live, &findings->found[i]))
			continue;
		findings->comparison.count[findings->found[i].kind]--;
		findings->comparison.count[VM_DIFF_IN_FLIGHT]++;
		findings->found[i].kind = VM_DIFF_IN_FLIGHT;
	}
}

static bool same_area(const struct memory_area *a, const struct memory_area *b)
{
	return ((a->flags ^ b->flags) & VM_VISIBLE) == 0 && a->offset == b->offset &&
	       a->tag[VM_TAG_OBJECT] == b->tag[VM_TAG_OBJECT];
}

static bool same_difference(const struct found_difference *a, const struct found_difference *b)
{
	return a->kind == b->kind && a->range.start == b->range.start &&
	       a->range.end == b->range.end && same_area(&a->kernel, &b->kernel) &&
	       same_area(&a->ours, &b->ours);
}

/* Only what is in both stays in @findings. */
static void keep_common(struct findings *findings, const struct findings *earlier)
{
	size_t n = 0;

	for (size_t i = 0; i < findings->n_found; i++) {
		bool stays = VM_DIFF_IS_TOLERANCE(findings->found[i].kind);

		for (size_t j = 0; j < earlier->n_found && !stays; j++)
			stays = same_difference(&findings->found[i], &earlier->found[j]);
		if (stays)
			findings->found[n++] = findings->found[i];
		else
			findings->comparison.count[findings->found[i].kind]--;
	}
	findings->n_found = n;
}

static bool look_once(struct live *live, struct findings *findings)
{
	struct vm_objects *objects = &live->view->replay.space.objects;
	struct kernel_snapshot kernel;
	int error = kernel_snapshot_read(&kernel, live->pid, objects, &findings->stable);

	if (error == 0) {
		fold_until(live, &kernel);
		compare_now(live->view, kernel.areas, kernel.n, findings);
		excuse_in_flight(live, findings);
	} else if (error == -ESRCH) {
		problem_set(&live->view->problem, PROBLEM_PROCESS, live->view->name,
			    "process %d has ended", (int)live->pid);
	} else {
		live_set_problem(live->view, live->pid, error);
	}
	kernel_snapshot_free(&kernel);
	return error == 0;
}

/* Several times, until there is nothing to explain; differences must stay. */
static bool look(struct live *live, struct findings *findings)
{
	struct findings earlier = { 0 };
	bool good = true;

	for (unsigned i = 0; i < LIVE_LOOKS && good; i++) {
		good = look_once(live, findings);
		if (good && i > 0)
			keep_common(findings, &earlier);
		if (!good || i + 1 == LIVE_LOOKS ||
		    vm_comparison_unexplained(&findings->comparison) == 0)
			break;
		findings_free(&earlier);
		earlier = *findings;
		*findings = (struct findings){ 0 };
		nanosleep(&(struct timespec){ .tv_nsec = LIVE_PAUSE_NS }, NULL);
	}
	findings_free(&earlier);
	return good;
}

bool compare_live(struct ledger_view *view, pid_t pid, struct findings *findings)
{
	struct live live = { .view = view, .pid = pid, .ahead = view_reread(view) };
	bool good;

	*findings = (struct findings){ .with = COMPARED_PROCESS };
	view_begin(view);
	if (!live_await_baseline(view, pid))
		return false;
	heap_require(replay_to_event(&view->replay, 0));
	good = look(&live, findings);
	free(live.ranges);
	findings->with = COMPARED_PROCESS;
	if (!good)
		return false;
	keep_checks(view, findings);
	frame_differences(view, findings);
	return true;
}
