/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Two lists of areas, before a call and after it, walked side by side
 */

#include "audit/pieces.h"

/* ------------------------------------------------------------------- one side */

static bool list_range(struct area_list *list, const struct vm_space *space,
		       struct addr_range range)
{
	struct memory_set_iter iter = memory_set_iter_from_start(space->set, range);
	const struct memory_area *area;

	while ((area = memory_set_iter_next(&iter)) != NULL) {
		if (area->flags & VM_HELD) /* unmapped, as far as the program goes */
			continue;
		if (!audit_make_room((void **)&list->areas, list->n, &list->capacity,
				     sizeof(*list->areas)))
			return false;
		list->areas[list->n] = *area;
		memory_area_clip(&list->areas[list->n++], range);
	}
	return true;
}

/* What lies in the event's ranges; those of one call do not overlap, or it does no harm. */
bool audit_list_ranges(struct area_list *list, const struct vm_space *space,
		       const struct audit_event *event)
{
	list->n = 0;
	for (unsigned i = 0; i < event->n_ranges; i++)
		if (!list_range(list, space, event->ranges[i]))
			return false;
	return true;
}

/* ------------------------------------------------------------------ both sides */

/* One list, walked in address order. */
struct cursor {
	const struct area_list *list;
	size_t at;
};

/* What lies at @at; @until is moved down to where that ends. */
static const struct memory_area *cursor_move(struct cursor *cursor, uint64_t at, uint64_t *until)
{
	const struct memory_area *area;

	while (cursor->at < cursor->list->n && cursor->list->areas[cursor->at].range.end <= at)
		cursor->at++;
	if (cursor->at == cursor->list->n)
		return NULL;
	area = &cursor->list->areas[cursor->at];
	if (area->range.start > at) {
		if (area->range.start < *until)
			*until = area->range.start;
		return NULL;
	}
	if (area->range.end < *until)
		*until = area->range.end;
	return area;
}

/* The lists hold one range behind the other: in each the cursor begins anew. */
static struct cursor cursor_of(const struct area_list *list, struct addr_range range)
{
	struct cursor cursor = { list, 0 };

	while (cursor.at < list->n && (list->areas[cursor.at].range.start < range.start ||
				       list->areas[cursor.at].range.start >= range.end))
		cursor.at++;
	return cursor;
}

static void each_piece_of(const struct change *change, struct addr_range range, piece_fn fn,
			  void *context)
{
	struct cursor befores = cursor_of(&change->audit->before, range);
	struct cursor afters = cursor_of(&change->audit->after, range);

	for (uint64_t at = range.start; at < range.end;) {
		uint64_t until = range.end;
		const struct memory_area *before = cursor_move(&befores, at, &until);
		const struct memory_area *after = cursor_move(&afters, at, &until);

		if (before != NULL || after != NULL)
			fn(change, (struct addr_range){ at, until }, before, after, context);
		at = until;
	}
}

void audit_each_piece(const struct change *change, piece_fn fn, void *context)
{
	for (unsigned i = 0; i < change->event->n_ranges; i++)
		each_piece_of(change, change->event->ranges[i], fn, context);
}
