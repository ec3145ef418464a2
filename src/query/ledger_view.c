/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include "ledger/ledger_trace.h"
#include "query/find_ledger.h"
#include "query/heap.h"
#include "query/ledger_view.h"

/* ------------------------------------------------------------------- opening */

static void remember_op(struct ledger_view *view, unsigned op)
{
	view->ops = heap_grow(view->ops, view->n_ops, &view->ops_capacity, 1024, 1);
	view->ops[view->n_ops++] = (uint8_t)op;
}

static void scan(struct ledger_view *view)
{
	struct ledger_entry entry;
	const char *damage;

	view->first_event = ledger_reader_first_event(view->reader);
	view->last_event = view->first_event - 1;
	while (ledger_reader_next(view->reader, &entry)) {
		if (entry.kind != LEDGER_CALL)
			continue;
		/* A call in flight that ends while we look is handed out twice. */
		if (entry.call.event == view->last_event)
			continue;
		remember_op(view, entry.call.op);
		view->last_event = entry.call.event;
		if (entry.call.op == VM_OP_FORK && entry.finished && !vm_call_failed(&entry.call))
			view->n_forks++;
	}
	damage = ledger_reader_damage(view->reader);
	if (damage != NULL)
		view->damage = heap_string(damage);
	ledger_reader_rewind(view->reader);
}

bool view_open(struct ledger_view *view, const char *path, const char *name)
{
	struct ledger_problem problem;

	*view = (struct ledger_view){ .path = path, .name = name };
	view->reader = ledger_reader_open(path, &problem);
	if (view->reader != NULL)
		view->ahead = ledger_reader_open(path, &problem);
	if (view->ahead == NULL) {
		ledger_reader_close(view->reader);
		view->reader = NULL;
		problem_set(&view->problem, PROBLEM_FILE, name, "%s: %s", name, problem.text);
		return false;
	}
	view->header = ledger_reader_header(view->reader);
	scan(view);
	return true;
}

static void forget_fold(struct ledger_view *view)
{
	if (view->folded)
		replay_finish(&view->replay);
	view->folded = false;
	memset(view->changes, 0, sizeof(view->changes));
}

void view_close(struct ledger_view *view)
{
	forget_fold(view);
	ledger_reader_close(view->reader);
	ledger_reader_close(view->ahead);
	symbolizer_destroy(view->symbolizer);
	free(view->ops);
	free(view->damage);
	*view = (struct ledger_view){ 0 };
}

/* ------------------------------------------------------------------- folding */

int view_step(struct ledger_view *view, struct ledger_entry *entry)
{
	uint64_t before = view->replay.counts.resync_changes;
	int r = replay_step(&view->replay, entry);

	if (r > 0 && entry->kind == LEDGER_RESYNC && entry->resync.head.reason < VM_REASON_COUNT)
		view->changes[entry->resync.head.reason] +=
			view->replay.counts.resync_changes - before;
	view->n_folded += r > 0;
	return heap_require(r);
}

void view_begin(struct ledger_view *view)
{
	forget_fold(view);
	ledger_reader_rewind(view->reader);
	heap_require(replay_init(&view->replay, view->reader));
	view->folded = true;
	view->n_folded = 0;
}

void view_fold_records(struct ledger_view *view, uint64_t n_records)
{
	struct ledger_entry entry;

	if (!view->folded || view->n_folded > n_records)
		view_begin(view);
	while (view->n_folded < n_records && view_step(view, &entry) > 0)
		continue;
}

void view_fold_more(struct ledger_view *view)
{
	view_fold_records(view, VIEW_ALL_RECORDS);
}

struct ledger_reader *view_reread(struct ledger_view *view)
{
	ledger_reader_rewind(view->ahead);
	return view->ahead;
}

unsigned view_op_of(const struct ledger_view *view, uint64_t event)
{
	if (event < view->first_event || event - view->first_event >= view->n_ops)
		return VM_OP_NONE;
	return view->ops[event - view->first_event];
}

bool view_stack(const struct ledger_view *view, uint32_t id, struct ledger_trace *trace)
{
	return view->folded && ledger_stacks_find(&view->replay.stacks, id, trace);
}

enum view_state view_state(const struct ledger_view *view)
{
	const struct ledger_header *header = view->header;
	bool lives = ledger_is_mapped_by(view->path, (pid_t)header->pid);

	if (header->end == LEDGER_END_EXIT && !lives)
		return VIEW_EXITED;
	if (header->end != LEDGER_END_OPEN && header->end != LEDGER_END_EXIT)
		return VIEW_STOPPED;
	if (lives)
		return VIEW_RUNNING;
	if (fault_is_met(&header->fault))
		return VIEW_CRASHED;
	if (view->replay.in_flight.op == VM_OP_EXEC ||
	    view->replay.in_flight.op == VM_OP_EXECVEAT ||
	    ledger_was_continued(view->path, view->header))
		return VIEW_EXECED;
	return VIEW_LOST;
}
