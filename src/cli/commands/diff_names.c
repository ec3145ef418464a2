/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "cli/commands/diff_names.h"
#include "cli/text/area_text.h"
#include "cli/text/stack_text.h"
#include "cli/text/word.h"
#include "query/heap.h"

static void want(struct diff_subject *subject, uint64_t event)
{
	if (event != 0)
		subject->stacks[subject->n_stacks++].event = event;
}

/* The last call whose stack is wanted: there is no need to look any further. */
static struct settled_moment last_wanted(const struct diff_subject *subject)
{
	uint64_t last = 0;

	for (size_t i = 0; i < subject->n_stacks; i++)
		if (subject->stacks[i].event > last)
			last = subject->stacks[i].event;
	return history_after_event(last);
}

/* Names those of @subject's calls that were wanted. Folds its view again. */
static void name_events(struct diff_pair *pair, struct diff_subject *subject)
{
	if (subject->view.replay.counts.n_stacked == 0)
		subject->n_stacks = 0;
	if (subject->n_stacks == 0)
		return;
	stacks_of_events(&subject->view, stack_names(&pair->a.view), subject->stacks,
			 &subject->n_stacks, last_wanted(subject));
	view_fold(&subject->view, subject->settled);
}

void diff_say_who(const struct diff_subject *subject, uint64_t event, struct text *text)
{
	const struct named_stack *stack = stack_of_event(subject->stacks, subject->n_stacks, event);

	if (stack != NULL)
		stack_who(stack, text);
}

static void prepare_names(struct diff_subject *subject, size_t n)
{
	subject->stacks = heap_array(n, sizeof(*subject->stacks));
}

/*
 * What stays the same from run to run: the file and the offset; of anonymous memory who
 * mapped it, or what the kernel calls it.
 */
static char *key_of(const struct diff_subject *subject, const struct memory_area *area)
{
	const struct vm_space *space = &subject->view.replay.space;
	struct text text;
	TEXT_ON_STACK(text, 5000);
	size_t len;
	const char *name = area_kernel_name(space, area, &len);

	if (name != NULL) {
		text_bytes(&text, name, len);
		text_format(&text, " %" PRIx64,
			    area->offset != MEMORY_AREA_NO_OFFSET ? area->offset : 0);
	} else {
		text_format(&text, "%s ", area_kind_name(area_kind(space, area)));
		diff_say_who(subject, area->origin, &text);
	}
	return heap_string(text.buffer);
}

/* Neighbours that one could not tell apart from outside, as pieces of the heap, are one. */
static void join_neighbours(struct diff_subject *subject)
{
	struct diff_side *side = &subject->side;
	size_t n = 0;

	for (size_t i = 0; i < side->n; i++) {
		struct memory_area *last = n > 0 ? &side->areas[n - 1] : NULL;
		const struct memory_area *area = &side->areas[i];

		if (last != NULL && last->range.end == area->range.start &&
		    ((last->flags ^ area->flags) & VM_VISIBLE) == 0 &&
		    area->tag[VM_TAG_OBJECT] == 0 &&
		    strcmp(side->keys[n - 1], side->keys[i]) == 0) {
			last->range.end = area->range.end;
			free(side->keys[i]);
			continue;
		}
		side->areas[n] = *area;
		side->keys[n++] = side->keys[i];
	}
	side->n = n;
}

void diff_make_keys(struct diff_pair *pair, struct diff_subject *subject)
{
	struct diff_side *side = &subject->side;

	prepare_names(subject, side->n);
	for (size_t i = 0; i < side->n; i++)
		if (side->areas[i].tag[VM_TAG_OBJECT] == 0)
			want(subject, side->areas[i].origin);
	name_events(pair, subject);
	side->keys = heap_array(side->n, sizeof(*side->keys));
	for (size_t i = 0; i < side->n; i++)
		side->keys[i] = key_of(subject, &side->areas[i]);
	join_neighbours(subject);
}

/* What the areas of the second map do not say themselves. */
static bool is_searched(const struct diff_pair *pair, const struct map_change *change)
{
	return change->kind == CHANGE_REMOVED ||
	       (change->kind == CHANGE_ADDED && change->after.origin != 0 &&
		change->after.origin <= pair->a.settled.event);
}

static bool is_later_call(void *context, struct history_event *event)
{
	const struct diff_pair *pair = context;

	return event->kind == HISTORY_CALL && event->finished &&
	       event->number > pair->a.settled.event && event->touch.n > 0;
}

/* The first change that ends behind @addr; they are sorted. */
static size_t change_from(const struct map_diff *diff, uint64_t addr)
{
	size_t low = 0;
	size_t high = diff->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (diff->changes[middle].range.end <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Of what is gone, the first call after which it was; of what was moved, the last. */
static void attribute(struct diff_pair *pair, struct map_change *change,
		      const struct history_event *event, struct addr_range range)
{
	const struct memory_set *set = pair->b.view.replay.space.set;
	uint64_t at = change->range.start > range.start ? change->range.start : range.start;
	const struct memory_area *area = memory_set_find(set, at);

	if (!is_searched(pair, change))
		return;
	if (change->kind == CHANGE_REMOVED) {
		if (change->event == 0 && (area == NULL || area->origin != change->before.origin))
			change->event = event->number;
	} else if (event->call.op == VM_OP_MREMAP && area != NULL &&
		   area->origin == change->after.origin) {
		change->event = event->number;
	}
}

static int look_at_call(void *context, struct history_event *event)
{
	struct diff_pair *pair = context;
	struct map_diff *diff = &pair->diff;

	for (unsigned r = 0; r < event->touch.n; r++) {
		struct addr_range range = event->touch.range[r];

		for (size_t i = change_from(diff, range.start);
		     i < diff->n && diff->changes[i].range.start < range.end; i++)
			attribute(pair, &diff->changes[i], event, range);
	}
	return 0;
}

static void search_calls(struct diff_pair *pair)
{
	struct history_visitor visitor = { .begins = is_later_call,
					   .visit = look_at_call,
					   .context = pair };
	struct diff_subject *b = &pair->b;
	size_t n = 0;

	for (size_t i = 0; i < pair->diff.n; i++)
		n += is_searched(pair, &pair->diff.changes[i]);
	if (n == 0 || !pair->same_ledger)
		return;
	history_walk(&b->view, &visitor, history_after_event(b->settled.event));
	view_fold(&b->view, b->settled);
}

static uint64_t known_event(const struct diff_pair *pair, const struct map_change *change)
{
	const struct memory_area *after = &change->after;

	if (change->kind == CHANGE_ALTERED && after->tag[VM_TAG_CHANGED] != 0)
		return after->tag[VM_TAG_CHANGED];
	return is_searched(pair, change) ? change->event : after->origin;
}

void diff_name_changes(struct diff_pair *pair)
{
	struct map_diff *diff = &pair->diff;
	struct diff_subject *a = &pair->a;
	struct diff_subject *b = &pair->b;

	if (pair->options->relative)
		return; /* named for their keys */
	search_calls(pair);
	prepare_names(a, diff->n);
	prepare_names(b, 3 * diff->n);
	for (size_t i = 0; i < diff->n; i++) {
		struct map_change *change = &diff->changes[i];

		change->event = known_event(pair, change);
		want(b, change->event);
		want(b, change->after.origin);
		want(pair->same_ledger ? b : a, change->before.origin);
	}
	name_events(pair, a);
	if (!b->is_process)
		name_events(pair, b);
}
