/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QUERY_HISTORY_H
#define QUERY_HISTORY_H

/*
 * history - what happened, one event after the other, with the map before and after
 *
 * A call is complete when the answers that the kernel gave about it are in: the
 * records behind it. Only then is it handed out, and at that time the fold of
 * the view is the map as the call left it.
 */

#include "query/effect.h"
#include "query/ledger_view.h"

/*
 * A moment that was found in a ledger: where a fold, or a walk, stops.
 *
 * @event:     number of the last call before it; the oldest that is known, or later
 * @n_records: how many records are folded to get there; VIEW_ALL_RECORDS: as many as
 *             there are
 */
struct settled_moment {
	uint64_t event;
	uint64_t n_records;
};

/* The end, wherever it is when it is reached. */
#define HISTORY_TO_END                                                                             \
	((struct settled_moment){ .event = UINT64_MAX, .n_records = VIEW_ALL_RECORDS })

/* For walks only: up to a call, with everything that is recorded before the next one. */
struct settled_moment history_after_event(uint64_t event);

enum history_kind {
	HISTORY_CALL,
	HISTORY_RESYNC, /* a range was read back, for no call in particular */
	HISTORY_CHECK,	/* right after a call the kernel's map differed */
	HISTORY_MARK,	/* the program set a mark */
	HISTORY_EXPECT, /* the program said what it relies on; for who asks for it */
};

/*
 * @number:     of the call, or of the last one before
 * @brk_before: of the space, before the call
 * @touch:      the pages that the call is about
 * @before, @after: what was and is in @touch; empty unless they were asked for
 * @read_back:  the reason why its effect was asked from the kernel, or 0
 * @answered:   all ranges that were read back because of it; empty: none
 * @changed:    HISTORY_RESYNC: something was there that no record had said
 * @check:      HISTORY_CHECK
 * @text:       HISTORY_MARK, HISTORY_EXPECT
 */
struct history_event {
	enum history_kind kind;
	uint64_t number;
	uint64_t ticks;
	bool finished;
	struct vm_call call;
	uint64_t brk_before;
	struct touch touch;
	struct effect_pieces before;
	struct effect_pieces after;
	unsigned read_back;
	struct addr_range answered;
	struct ledger_resync resync;
	bool changed;
	struct ledger_verify check;
	const char *text;
};

/*
 * @begins: called with the map as it was before the event; false: before and
 *          after need not be looked at, and @visit is not called. NULL: always true.
 * @wants_expectations: HISTORY_EXPECT is shown, too
 * @visit:  called with the map after it. Return: 0, or anything else to stop.
 */
struct history_visitor {
	bool (*begins)(void *context, struct history_event *event);
	int (*visit)(void *context, struct history_event *event);
	void *context;
	bool wants_expectations;
};

/**
 * history_walk() - show a visitor one event after the other, from the first that is left
 * @until: where to stop; whichever of its two numbers comes first
 *
 * Begins the fold anew and leaves it at @until, or where the visitor stopped. Return: 0,
 * or what @visit returned to stop.
 */
int history_walk(struct ledger_view *view, const struct history_visitor *visitor,
		 struct settled_moment until);

#endif
