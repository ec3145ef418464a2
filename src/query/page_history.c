/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include "query/heap.h"
#include "query/page_history.h"

struct reading {
	struct page_history *history;
	struct ledger_view *view;
	struct page_step step; /* that has begun */
};

static struct addr_range page_range(const struct reading *reading)
{
	uint64_t page = reading->history->page;

	return (struct addr_range){ page, page + VM_PAGE_SIZE };
}

static bool look(const struct reading *reading, struct memory_area *area)
{
	const struct memory_area *found =
		memory_set_find(reading->view->replay.space.set, reading->history->page);

	/* What is held is unmapped, as far as the program goes. */
	if (found == NULL || (found->flags & VM_HELD))
		return false;
	*area = *found;
	return true;
}

static bool begins(void *context, struct history_event *event)
{
	struct reading *reading = context;
	struct addr_range page = page_range(reading);

	if (event->kind == HISTORY_MARK ||
	    (event->kind == HISTORY_CALL && !touch_overlaps(&event->touch, page)) ||
	    (event->kind == HISTORY_RESYNC &&
	     !vm_ranges_meet((struct addr_range){ event->resync.start, event->resync.end }, page)))
		return false;
	reading->step.was = look(reading, &reading->step.before);
	reading->step.overhang = overhang_of_call(&reading->view->replay.space, &event->call);
	return true;
}

/* A page that is protected to and fro, or that malloc gives back and takes again, has millions. */
#define STEPS_MAX 65536

static void drop_oldest_half(struct page_history *history)
{
	size_t half = history->n / 2;

	memmove(history->steps, history->steps + half,
		(history->n - half) * sizeof(*history->steps));
	history->n -= half;
}

bool page_step_mapped(const struct page_step *step)
{
	return step->is && (!step->was || step->before.origin != step->after.origin ||
			    step->before.tag[VM_TAG_OBJECT] != step->after.tag[VM_TAG_OBJECT]);
}

/* Did it put something else there, take it away, or change what may be done to it? */
static bool step_changed(const struct page_step *step)
{
	const uint64_t shown = VM_VISIBLE | VM_GUARD | VM_PKEY_MASK;

	return step->was != step->is || page_step_mapped(step) ||
	       (step->is && ((step->before.flags ^ step->after.flags) & shown) != 0);
}

static int visit(void *context, struct history_event *event)
{
	struct reading *reading = context;
	struct page_history *history = reading->history;
	struct page_step *step = &reading->step;

	step->event = *event;
	step->event.before = step->event.after = (struct effect_pieces){ 0 };
	step->is = look(reading, &step->after);
	if (!step_changed(step))
		return 0;
	if (history->n == STEPS_MAX)
		drop_oldest_half(history);
	history->steps =
		heap_grow(history->steps, history->n, &history->capacity, 64, sizeof(*step));
	history->steps[history->n++] = *step;
	return 0;
}

void page_history_read(struct page_history *history, struct ledger_view *view, uint64_t page)
{
	struct reading reading = { .history = history, .view = view };
	const struct history_visitor visitor = { .begins = begins,
						 .visit = visit,
						 .context = &reading };

	*history = (struct page_history){ .page = vm_page_down(page) };
	history_walk(view, &visitor, HISTORY_TO_END);
}

void page_history_free(struct page_history *history)
{
	free(history->steps);
	*history = (struct page_history){ 0 };
}
