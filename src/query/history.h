/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_HISTORY_H
#define CLI_HISTORY_H

/*
 * history - what happened, one event after the other, with the map before and after
 *
 * A call is complete when the answers that the kernel gave about it are in: the
 * records behind it. Only then is it handed out, and at that time the fold of
 * the view is the map as the call left it.
 */

#include "query/effect.h"
#include "query/ledger_view.h"

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
 * @visit:  called with the map after it. Return: 0, 1 to stop, or -1 after a complaint.
 */
struct history_visitor {
	bool (*begins)(void *context, struct history_event *event);
	int (*visit)(void *context, struct history_event *event);
	void *context;
	bool wants_expectations;
};

/**
 * history_walk() - from the first record that is left to the call @last, or to the end
 *
 * Folds the view. Return: 0, what @visit returned, or -1 after a complaint.
 */
int history_walk(struct ledger_view *view, const struct history_visitor *visitor, uint64_t last);

#define HISTORY_TO_END UINT64_MAX

#endif
