/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "cli/compare.h"
#include "cli/touch.h"

#define LIVE_LOOKS 8
#define LIVE_PAUSE_NS 10000000

void findings_free(struct findings *findings)
{
	free(findings->found);
	*findings = (struct findings){ 0 };
}

static void keep_difference(void *context, const struct vm_difference *difference)
{
	struct findings *findings = context;
	struct found_difference *found;

	if (findings->n_found == FOUND_MAX || findings->found == NULL)
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

static void compare_now(struct ledger_view *view, const struct memory_area *areas, size_t n_areas,
			struct findings *findings)
{
	struct vm_array_source theirs;
	struct vm_set_source ours;

	findings->n_found = 0;
	findings->comparison = (struct vm_comparison){ 0 };
	findings->event = view->first_event - 1 + view->replay.counts.n_calls;
	if (view->replay.event > 0)
		findings->event = view->replay.event;
	if (findings->found == NULL)
		findings->found = calloc(FOUND_MAX, sizeof(*findings->found));
	vm_array_source_init(&theirs, areas, n_areas);
	vm_set_source_init(&ours, view->replay.space.set, MEMORY_SET_ALL);
	vm_compare(&theirs.source, &ours.source, MEMORY_SET_ALL, keep_difference, findings,
		   &findings->comparison);
}

/* Which events frame a difference: one pass over the calls for all of them. */
static void frame_differences(struct ledger_view *view, struct findings *findings)
{
	struct ledger_entry entry;
	uint64_t event = view->first_event - 1;

	if (findings->n_found == 0)
		return;
	for (size_t i = 0; i < findings->n_found; i++)
		findings->found[i].before = findings->event;
	ledger_reader_rewind(view->reader);
	while (event < findings->event && ledger_reader_next(view->reader, &entry)) {
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

bool compare_recorded(struct ledger_view *view, struct findings *findings)
{
	struct replay *replay = &view->replay;
	uint64_t seen = 0;
	int r = 1;

	*findings = (struct findings){ .stable = true };
	if (!view_begin(view))
		return false;
	while (r > 0) {
		struct ledger_entry entry;

		r = view_step(view, &entry);
		if (r <= 0 || entry.kind != LEDGER_VERIFY || !replay->has_verify)
			continue;
		compare_now(view, replay->verify_areas, replay->n_verify_areas, findings);
		findings->with = entry.verify.head.at_exit ? COMPARED_EXIT : findings->with;
		seen++;
	}
	if (r < 0)
		return false;
	if (seen > 0 && findings->with == COMPARED_NOTHING)
		findings->with = COMPARED_EXIT;
	frame_differences(view, findings);
	return true;
}

/* ----------------------------------------------------------------------- live */

static bool same_difference(const struct found_difference *a, const struct found_difference *b)
{
	return a->kind == b->kind && a->range.start == b->range.start &&
	       a->range.end == b->range.end;
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

static bool look_once(struct ledger_view *view, pid_t pid, struct findings *findings)
{
	struct kernel_snapshot kernel;
	int error;

	/* From the beginning each time: what the last look adopted is not ours to keep. */
	if (!view_fold(view, (struct moment){ .kind = MOMENT_END }))
		return false;
	error = kernel_snapshot_read(&kernel, pid, &view->replay.space.objects,
				     &findings->stable);
	if (error == 0 && !view_fold_more(view))
		error = -ENOMEM;
	if (error == 0)
		error = live_settle(view, &kernel, &findings->notes);
	if (error == 0)
		compare_now(view, kernel.areas, kernel.n, findings);
	else if (error == -ESRCH)
		complain("process %d has ended", (int)pid);
	else
		complain("can't read the map of process %d: %s", (int)pid, strerror(-error));
	kernel_snapshot_free(&kernel);
	return error == 0;
}

bool compare_live(struct ledger_view *view, pid_t pid, struct findings *findings)
{
	struct findings earlier = { 0 };
	bool good = true;

	*findings = (struct findings){ 0 };
	for (unsigned i = 0; i < LIVE_LOOKS && good; i++) {
		good = look_once(view, pid, findings);
		if (good && i > 0)
			keep_common(findings, &earlier);
		if (!good || vm_comparison_unexplained(&findings->comparison) == 0)
			break;
		if (i + 1 < LIVE_LOOKS) {
			findings_free(&earlier);
			earlier = *findings;
			*findings = (struct findings){ 0 };
			nanosleep(&(struct timespec){ .tv_nsec = LIVE_PAUSE_NS }, NULL);
		}
	}
	findings_free(&earlier);
	findings->with = COMPARED_PROCESS;
	if (good)
		frame_differences(view, findings);
	return good;
}
