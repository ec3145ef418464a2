/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include "query/event_stacks.h"

/* ------------------------------------------------------------- the event at hand */

void event_names_begin(struct event_names *names, struct ledger_view *view)
{
	*names = (struct event_names){ .view = view, .symbolizer = stack_names(view) };
}

void event_names_end(struct event_names *names)
{
	stack_free(&names->stack);
	*names = (struct event_names){ 0 };
}

const struct named_stack *event_names_of(struct event_names *names,
					 const struct history_event *event)
{
	struct ledger_trace trace;

	if (names->number == event->number && event->kind == HISTORY_CALL)
		return &names->stack;
	names->stack.n = 0;
	if (event->kind != HISTORY_CALL)
		return &names->stack;
	names->number = event->number;
	if (event->call.stack != 0 && view_stack(names->view, event->call.stack, &trace))
		stack_name(names->view, names->symbolizer, &trace, &names->stack);
	return &names->stack;
}

/* ------------------------------------------------------------------ some events */

/* A walk past the calls whose stacks are wanted. */
struct stack_search {
	struct ledger_view *view;
	struct symbolizer *symbolizer;
	struct event_stack *stacks;
	size_t n;
	size_t next; /* the first that was not met */
};

static bool is_wanted(void *context, struct history_event *event)
{
	struct stack_search *search = context;

	if (event->kind != HISTORY_CALL)
		return false;
	while (search->next < search->n && search->stacks[search->next].event < event->number)
		search->next++;
	return event->call.stack != 0 && search->next < search->n &&
	       search->stacks[search->next].event == event->number;
}

static int name_one(void *context, struct history_event *event)
{
	struct stack_search *search = context;
	struct ledger_trace trace;

	if (view_stack(search->view, event->call.stack, &trace))
		stack_name(search->view, search->symbolizer, &trace,
			   &search->stacks[search->next].stack);
	return 0;
}

static int compare_events(const void *a, const void *b)
{
	const struct event_stack *left = a;
	const struct event_stack *right = b;

	return (left->event > right->event) - (left->event < right->event);
}

/* An event that is wanted twice is named once. Return: how many are left. */
static size_t sort_and_drop_twins(struct event_stack *stacks, size_t n_wanted)
{
	size_t n = 0;

	if (n_wanted > 0)
		qsort(stacks, n_wanted, sizeof(*stacks), compare_events);
	for (size_t i = 0; i < n_wanted; i++)
		if (n == 0 || stacks[n - 1].event != stacks[i].event)
			stacks[n++].event = stacks[i].event;
	return n;
}

void stacks_of_events(struct ledger_view *view, struct symbolizer *symbolizer,
		      struct event_stack *stacks, size_t *n, struct settled_moment until)
{
	struct history_visitor visitor = { .begins = is_wanted, .visit = name_one };
	struct stack_search search = { view, symbolizer, stacks, 0, 0 };

	search.n = *n = sort_and_drop_twins(stacks, *n);
	visitor.context = &search;
	history_walk(view, &visitor, until);
}

void stacks_forget(struct event_stack *stacks, size_t n)
{
	for (size_t i = 0; i < n; i++)
		stack_free(&stacks[i].stack);
}

const struct named_stack *stack_of_event(const struct event_stack *stacks, size_t n, uint64_t event)
{
	const struct event_stack key = { .event = event };
	const struct event_stack *found =
		n == 0 ? NULL : bsearch(&key, stacks, n, sizeof(key), compare_events);

	return found != NULL ? &found->stack : NULL;
}
