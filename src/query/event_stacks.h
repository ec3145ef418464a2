/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QUERY_EVENT_STACKS_H
#define QUERY_EVENT_STACKS_H

/*
 * event_stacks - the named stacks of the calls in a ledger
 *
 * Two ways: of the call at hand while a history_walk() shows it (event_names), and of
 * calls whose numbers are known (stacks_of_events).
 */

#include "query/history.h"
#include "query/named_stack.h"

/* The stack of the event at hand: named when it is asked for, and only once. */
struct event_names {
	struct ledger_view *view;
	struct symbolizer *symbolizer;
	uint64_t number; /* of the call that @stack belongs to; 0: none */
	struct named_stack stack;
};

/* Begin to name the stacks of a view's events. */
void event_names_begin(struct event_names *names, struct ledger_view *view);

/* Forget the stack that was named last. What gives the names is the view's, and stays. */
void event_names_end(struct event_names *names);

/* Of a call that was just folded. Empty when it has none. Valid until the next question. */
const struct named_stack *event_names_of(struct event_names *names,
					 const struct history_event *event);

/*
 * The stacks of some calls.
 *
 * @event: its number
 */
struct event_stack {
	uint64_t event;
	struct named_stack stack;
};

/**
 * stacks_of_events() - name the stacks of calls, each in the map of its own moment
 * @stacks: in any order; become sorted, each event once; calls without a stack keep
 *          an empty one
 * @n:      how many there are; becomes less where an event was wanted twice
 * @until:  the view is folded to this moment afterwards
 */
void stacks_of_events(struct ledger_view *view, struct symbolizer *symbolizer,
		      struct event_stack *stacks, size_t *n, struct settled_moment until);

/* Free the stacks, not the array. */
void stacks_forget(struct event_stack *stacks, size_t n);

/* NULL when there is none of this event. */
const struct named_stack *stack_of_event(const struct event_stack *stacks, size_t n,
					 uint64_t event);

#endif
