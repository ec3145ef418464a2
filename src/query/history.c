/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "query/history.h"

/*
 * Two readers: @view folds, @ahead looks at the record before it is folded, so
 * that the map can be seen before and after.
 */
struct walk {
	struct ledger_view *view;
	struct ledger_reader *ahead;
	const struct history_visitor *visitor;
	struct history_event call; /* waits for the answers about it */
	bool waiting;
	bool wanted; /* @call begins() */
	uint64_t number;
};

static bool begins(const struct walk *walk, struct history_event *event)
{
	const struct history_visitor *visitor = walk->visitor;

	return visitor->begins == NULL || visitor->begins(visitor->context, event);
}

static int visit(const struct walk *walk, struct history_event *event)
{
	return walk->visitor->visit(walk->visitor->context, event);
}

static void fold(struct walk *walk)
{
	struct ledger_entry entry;

	view_step(walk->view, &entry);
}

static void look(struct walk *walk, struct effect_pieces *pieces)
{
	effect_look(pieces, &walk->view->replay.space, &walk->call.touch);
}

/* The call that waited is complete: nothing more will be said about it. */
static int finish_call(struct walk *walk)
{
	if (!walk->waiting)
		return 0;
	walk->waiting = false;
	if (!walk->wanted)
		return 0;
	look(walk, &walk->call.after);
	return visit(walk, &walk->call);
}

static void take_call(struct walk *walk, const struct ledger_entry *ahead)
{
	struct history_event *call = &walk->call;
	struct vm_space *space = &walk->view->replay.space;

	call->number = walk->number = ahead->call.event;
	call->ticks = ahead->call.ticks;
	call->call = ahead->call;
	call->finished = ahead->finished;
	call->read_back = 0;
	call->answered = (struct addr_range){ 0 };
	call->brk_before = space->brk;
	call->touch = touch_of_call(space, &call->call, call->finished);
	walk->wanted = begins(walk, call);
	if (walk->wanted)
		look(walk, &call->before);
	fold(walk);
	walk->waiting = true;
	if (touch_is_late(&call->call))
		call->touch = touch_of_call(space, &call->call, call->finished);
}

/* An answer to the call that waits belongs to it; what was asked at a crash only came after. */
static bool is_answer(const struct walk *walk, const struct ledger_resync *resync)
{
	return walk->waiting && resync->event != 0 && resync->event == walk->number &&
	       resync->reason != VM_REASON_FAULT;
}

static void note_answer(struct history_event *call, const struct ledger_resync *resync)
{
	struct addr_range *all = &call->answered;

	if (resync->reason == VM_REASON_IDENTITY)
		return;
	call->read_back = resync->reason;
	if (all->end == 0)
		*all = (struct addr_range){ resync->start, resync->end };
	if (resync->start < all->start)
		all->start = resync->start;
	if (resync->end > all->end)
		all->end = resync->end;
}

/* Is this what folding passes over: a checkpoint that only repeats? */
static bool repeats(const struct ledger_entry *ahead)
{
	return ahead->in_checkpoint && ahead->resync.head.reason == VM_REASON_CHECKPOINT;
}

static int take_resync(struct walk *walk, const struct ledger_entry *ahead)
{
	uint64_t changes = walk->view->replay.counts.resync_changes;
	struct history_event event = {
		.kind = HISTORY_RESYNC,
		.number = walk->number,
		.ticks = ahead->ticks,
		.finished = true,
		.resync = ahead->resync.head,
	};
	bool wanted;

	if (repeats(ahead)) {
		fold(walk);
		return 0;
	}
	if (is_answer(walk, &event.resync)) {
		note_answer(&walk->call, &event.resync);
		fold(walk);
		return 0;
	}
	wanted = begins(walk, &event);
	fold(walk);
	event.changed = walk->view->replay.counts.resync_changes > changes;
	return wanted ? visit(walk, &event) : 0;
}

static bool is_mark(const struct ledger_entry *ahead)
{
	return ahead->kind == LEDGER_NOTE && ahead->note.kind == LEDGER_NOTE_MARK &&
	       !ahead->in_checkpoint;
}

static bool is_expectation(const struct walk *walk, const struct ledger_entry *ahead)
{
	return walk->visitor->wants_expectations && ahead->kind == LEDGER_NOTE &&
	       ahead->note.kind == LEDGER_NOTE_EXPECT && !ahead->in_checkpoint;
}

static int take_note(struct walk *walk, const struct ledger_entry *ahead)
{
	struct history_event event = {
		.kind = is_expectation(walk, ahead) ? HISTORY_EXPECT : HISTORY_MARK,
		.number = walk->number,
		.ticks = ahead->ticks,
		.finished = true,
		.text = ahead->note.text,
	};
	bool wanted = (is_mark(ahead) || is_expectation(walk, ahead)) && begins(walk, &event);

	fold(walk);
	return wanted ? visit(walk, &event) : 0;
}

/* A check right after a call, not one of everything at the end. */
static bool is_check(const struct ledger_entry *ahead)
{
	return ahead->kind == LEDGER_VERIFY && ahead->verify.head.event != 0;
}

static int take_check(struct walk *walk, const struct ledger_entry *ahead)
{
	struct history_event event = {
		.kind = HISTORY_CHECK,
		.number = walk->number,
		.ticks = ahead->ticks,
		.finished = true,
		.check = ahead->verify.head,
	};
	bool wanted = is_check(ahead) && begins(walk, &event);

	fold(walk);
	return wanted ? visit(walk, &event) : 0;
}

static bool is_event(const struct walk *walk, const struct ledger_entry *ahead)
{
	return ahead->kind == LEDGER_CALL || is_mark(ahead) || is_check(ahead) ||
	       is_expectation(walk, ahead) ||
	       (ahead->kind == LEDGER_RESYNC && !repeats(ahead) &&
		!is_answer(walk, &ahead->resync.head));
}

static int take_record(struct walk *walk, const struct ledger_entry *ahead)
{
	int code = is_event(walk, ahead) ? finish_call(walk) : 0;

	if (code != 0)
		return code;
	switch (ahead->kind) {
	case LEDGER_CALL:
		take_call(walk, ahead);
		return 0;
	case LEDGER_RESYNC:
		return take_resync(walk, ahead);
	case LEDGER_VERIFY:
		return take_check(walk, ahead);
	case LEDGER_NOTE:
		return take_note(walk, ahead);
	default:
		fold(walk);
		return 0;
	}
}

/* Is the record ahead, the next of @walk->view->n_folded, behind the moment? */
static bool is_behind(const struct walk *walk, const struct ledger_entry *ahead,
		      const struct settled_moment *until)
{
	return walk->view->n_folded >= until->n_records ||
	       (ahead->kind == LEDGER_CALL && ahead->call.event > until->event);
}

static int walk_all(struct walk *walk, const struct settled_moment *until)
{
	struct ledger_entry ahead;
	int code = 0;

	walk->number = walk->view->first_event - 1;
	view_begin(walk->view);
	while (code == 0 && ledger_reader_next(walk->ahead, &ahead) &&
	       !is_behind(walk, &ahead, until))
		code = take_record(walk, &ahead);
	return code == 0 ? finish_call(walk) : code;
}

int history_walk(struct ledger_view *view, const struct history_visitor *visitor,
		 struct settled_moment until)
{
	struct walk walk = { .view = view, .visitor = visitor, .ahead = view_reread(view) };
	int code;

	walk.call.kind = HISTORY_CALL;
	code = walk_all(&walk, &until);
	effect_pieces_free(&walk.call.before);
	effect_pieces_free(&walk.call.after);
	return code;
}

struct settled_moment history_after_event(uint64_t event)
{
	return (struct settled_moment){ .event = event, .n_records = VIEW_ALL_RECORDS };
}
