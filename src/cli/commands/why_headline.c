/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>
#include "cli/commands/why_headline.h"
#include "cli/text/area_text.h"
#include "cli/text/stack_text.h"
#include "cli/text/view_text.h"
#include "cli/text/word.h"

static void say_event(const struct why *why, uint64_t event, struct text *text)
{
	const struct named_stack *stack = stack_of_event(why->stacks, why->n_stacks, event);

	if (!view_event_text(why->view, event, text))
		return;
	if (stack != NULL && stack->n > 0) {
		text_string(text, " (");
		stack_who(stack, text);
		text_char(text, ')');
	}
}

/* "0x7f12040", or "0x7f12000-0x7f14000" */
static void say_place(const struct why *why, struct text *text)
{
	text_format(text, "0x%" PRIx64, why->point != 0 ? why->point : why->range.start);
	if (why->point != 0)
		return;
	text_format(text, "-0x%" PRIx64, why->range.end);
}

/* "libc.so.6", "[heap]", "anonymous memory" */
static void say_what(const struct vm_space *space, const struct memory_area *area,
		     struct text *text)
{
	size_t before = text->len;

	area_what(space, area, text);
	if (text->len != before + 1 || text->buffer[before] != '-')
		return;
	text->len = before;
	text->buffer[before] = '\0';
	text_string(text, (area->flags & VM_PROT) != 0 ? "anonymous memory"
						       : "anonymous, without access");
}

static void say_since(const struct why *why, const struct memory_area *area, struct text *text)
{
	if (area->origin != 0) {
		text_string(text, "mapped by ");
		say_event(why, area->origin, text);
	} else if ((area->flags & VM_SOURCE) == VM_RESYNCED) {
		text_string(text, "found there when the kernel was asked: no call was seen");
	} else if ((area->flags & VM_SOURCE) == VM_BASELINE) {
		text_string(text, "there before recording began");
	} else {
		text_string(text, "mapped by a call that was overwritten");
	}
}

/* The last event that left something else behind, and did not make it all anew. */
static const struct fact *last_change(const struct biography *biography)
{
	for (size_t i = biography->n; i-- > 0;) {
		const struct fact *fact = &biography->facts[i];

		if (fact->kind == FACT_MAPPED || fact->kind == FACT_REPLACED)
			return NULL;
		if (fact->kind == FACT_CHANGED || fact->kind == FACT_MOVED_IN ||
		    (fact->kind == FACT_READ_BACK && strcmp(fact->before, "----") != 0))
			return fact;
	}
	return NULL;
}

static void say_change(const struct why *why, const struct fact *fact, struct text *text)
{
	if (fact->kind == FACT_MOVED_IN)
		text_string(text, ", moved here by ");
	else if (fact->kind == FACT_CHANGED)
		text_string(text, ", last changed by ");
	else
		text_string(text, ", last change seen when the kernel was asked after ");
	say_event(why, fact->number, text);
}

/* More areas than one: what they have in common. */
static void say_areas(const struct why *why, struct text *text)
{
	const struct vm_space *space = &why->view->replay.space;
	struct memory_set_iter iter = memory_set_iter_from_start(space->set, why->range);
	const struct memory_area *area;
	struct text first, what;
	unsigned n = 0;
	bool same = true;

	TEXT_ON_STACK(first, 320);
	say_what(space, &why->area, &first);
	while ((area = memory_set_iter_next(&iter)) != NULL) {
		TEXT_ON_STACK(what, 320);
		say_what(space, area, &what);
		same = same && strcmp(what.buffer, first.buffer) == 0;
		n++;
	}
	text_format(text, " holds %s", count_word(n, "area").s);
	if (same)
		text_format(text, " of %s", first.buffer);
}

static void say_mapped(const struct why *why, struct text *text)
{
	const struct memory_area *area = &why->area;
	const struct fact *change = last_change(&why->biography);

	if (!why_is_one_area(why)) {
		say_areas(why, text);
		return;
	}
	text_format(text, " is %s, ", perm_word(area->flags).s);
	say_what(&why->view->replay.space, area, text);
	text_string(text, ": ");
	say_since(why, area, text);
	if (change != NULL && change->number != area->origin)
		say_change(why, change, text);
	if (area->flags & VM_GUARD)
		text_string(text, "; guard pages were put in by madvise, which the kernel's map "
				  "does not show");
}

/* The fact since which nothing is there; NULL: nothing ever was. */
static const struct fact *end_of_life(const struct biography *biography)
{
	for (size_t i = biography->n; i-- > 0;) {
		const struct fact *fact = &biography->facts[i];

		if ((fact->kind == FACT_UNMAPPED || fact->kind == FACT_MOVED_OUT ||
		     fact->kind == FACT_READ_BACK) &&
		    strcmp(fact->before, "----") != 0)
			return fact;
	}
	return NULL;
}

static void say_unmapped(const struct why *why, const struct fact *end, struct text *text)
{
	text_string(text, " is not mapped: ");
	if (end->kind == FACT_READ_BACK) {
		text_format(text, "gone when the kernel was asked after #%" PRIu64, end->number);
	} else {
		text_string(text, end->kind == FACT_UNMAPPED ? "unmapped by " : "moved by ");
		say_event(why, end->number, text);
	}
	if (end->kind == FACT_MOVED_OUT)
		text_format(text, " to 0x%" PRIx64, end->other);
	text_format(text, "; until then %s, %s", end->before,
		    strcmp(end->what, "-") == 0 ? "anonymous memory" : end->what);
}

/* "area 17 (7f00-7f10, rw-p, anonymous memory) ends 64 bytes below" */
static void say_neighbour(const struct why *why, const struct memory_area *area, uint64_t distance,
			  const char *where, struct text *text)
{
	say_what(&why->view->replay.space, area, text);
	text_format(text, " %s%s%s%s", perm_word(area->flags).s, where,
		    size_word(distance, why->options->common.bytes).s,
		    distance < 1024 ? " bytes " : " ");
}

static void say_neighbours(const struct why *why, struct text *text)
{
	const struct memory_set *set = why->view->replay.space.set;
	uint64_t at = why->point != 0 ? why->point : why->range.start;
	uint64_t end = why->point != 0 ? why->point : why->range.end - 1;
	struct memory_set_iter below = memory_set_iter_from_end(set, (struct addr_range){ 0, at });
	const struct memory_area *area = memory_set_iter_prev(&below);

	text_string(text, "; ");
	if (area != NULL) {
		say_neighbour(why, area, at - area->range.end, " ends ", text);
		text_string(text, "below");
	}
	if (area != NULL)
		text_string(text, ", ");
	area = memory_set_find_from(set, end);
	if (area == NULL)
		text_string(text, "nothing is above");
	else {
		say_neighbour(why, area, area->range.start - end, " begins ", text);
		text_string(text, "above");
	}
}

void why_say_headline(const struct why *why, struct text *text)
{
	const struct fact *end = end_of_life(&why->biography);

	say_place(why, text);
	if (why_is_mapped(why)) {
		say_mapped(why, text);
	} else if (end != NULL) {
		say_unmapped(why, end, text);
	} else {
		text_string(text, " is not mapped, and never was");
		if (why->view->first_event > 1)
			text_string(text, " in what is left of the history");
		else if (why->view->header->link == LEDGER_LINK_FORK)
			text_string(text, " since the process was forked");
		say_neighbours(why, text);
	}
}
