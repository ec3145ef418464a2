/* SPDX-License-Identifier: Apache-2.0 */

/*
 * vm_replace - what the kernel said enters the map
 *
 * The kernel's areas have no history and merge what ours keep apart, so each is
 * laid over what was there piece by piece:
 *
 *     old      [ A     )      [ B  )[ C )
 *     kernel   [ one area               )
 *     new      [ A     )[new )[ B  )[ C')     C differed in its protection
 *
 * Pieces that agree stay as they are.
 */

#include <errno.h>
#include "base/text.h"
#include "vma/vm_aftermath.h"
#include "vma/vm_change.h"
#include "vma/vm_replace.h"
#include "vma/vm_size.h"

/* A kernel's area that fills more holes than this in ours is taken as one new area:
 * memory for the pieces is reserved before they are known. */
#define HOLES_MAX 4

/* What the kernel's side may know of an area beyond what is visible. */
#define LEARNED (VM_OWN | VM_GROWSDOWN | VM_SHM | VM_AIO | VM_UPROBES)

/* What of a call's own knowledge stays when the object turns out to be another one. */
#define FRESH_FLAGS (VM_GROWSDOWN | VM_SHM | VM_AIO | VM_HUGE_MASK | VM_LOCKED)

struct replacing {
	struct vm_space *space;
	uint64_t source;
	bool grown; /* plain memory where nothing was is a stack's */
	/* The area that a call has just mapped without knowing its object; @known says whether
	 * one was met in the kernel's area at hand. */
	struct memory_area fresh;
	bool known;
	/* A new area that is not in the set yet; empty: none. */
	struct memory_area pending;
};

static bool same_object(const struct memory_area *old, const struct memory_area *now)
{
	return old->tag[VM_TAG_OBJECT] == now->tag[VM_TAG_OBJECT] && old->offset == now->offset &&
	       ((old->flags ^ now->flags) & (VM_SHARED | VM_FILE)) == 0;
}

static bool agrees(const struct memory_area *old, const struct memory_area *now)
{
	return same_object(old, now) && ((old->flags ^ now->flags) & VM_VISIBLE) == 0 &&
	       (now->flags & LEARNED & ~old->flags) == 0;
}

/* Mapped by a call that did not know what it maps. */
static bool is_fresh(const struct memory_area *old)
{
	return old->tag[VM_TAG_OBJECT] == 0 && (old->flags & VM_SOURCE) == VM_OBSERVED &&
	       (old->flags & (VM_FILE | VM_SHARED | VM_HUGE_MASK)) != 0;
}

/* What the name that the kernel gives an object says about it. */
static uint64_t named_flag(const struct vm_space *space, const struct memory_area *area)
{
	const struct vm_object *object =
		vm_objects_get(&space->objects, (uint32_t)area->tag[VM_TAG_OBJECT]);

	if (object == NULL)
		return 0;
	if (text_begins_with(object->name, "/SYSV"))
		return VM_SHM;
	return text_begins_with(object->name, "/[aio") ? VM_AIO : 0;
}

/*
 * A segment that has just been attached, or a ring that has just been made, is
 * there as a whole: its size is wanted when it is detached or destroyed.
 */
static void learn_size(struct vm_space *space, const struct memory_area *whole)
{
	struct vm_object *object =
		vm_objects_get(&space->objects, (uint32_t)whole->tag[VM_TAG_OBJECT]);

	if (object != NULL && object->size == 0 && whole->offset == 0)
		object->size = whole->range.end - whole->range.start;
}

/*
 * Private /dev/zero that was moved before its first page fault has its new address
 * as its offset (mm/vma.c: copy_vma()); it is what it was all the same.
 */
static bool is_moved_zero(const struct memory_area *old, const struct memory_area *now)
{
	return old->tag[VM_TAG_OBJECT] == now->tag[VM_TAG_OBJECT] &&
	       ((old->flags ^ now->flags) & (VM_SHARED | VM_FILE)) == 0 &&
	       (now->flags & (VM_SHARED | VM_FILE)) == VM_FILE && now->offset == now->range.start;
}

/* What is right below a stack and like it is what the stack has grown. NULL: it is not. */
static const struct memory_area *find_grown(const struct memory_set *set,
					    const struct memory_area *now)
{
	const struct memory_area *stack = memory_set_find(set, now->range.end);

	if (stack == NULL || !(stack->flags & VM_GROWSDOWN) || now->tag[VM_TAG_OBJECT] != 0 ||
	    !same_object(stack, now) || ((stack->flags ^ now->flags) & VM_VISIBLE) != 0)
		return NULL;
	return stack;
}

/* ---------------------------------------------------------------- what is new */

static void inherit(struct memory_area *now, const struct memory_area *old, uint64_t flags)
{
	now->flags |= old->flags & flags;
	now->origin = old->origin;
	now->tag[VM_TAG_CHANGED] = old->tag[VM_TAG_CHANGED];
}

/*
 * @now is a piece of the kernel's area. @old is what was in its place, or NULL.
 * The same object with another protection is the same mapping, changed.
 */
static void derive(struct replacing *replacing, struct memory_area *now,
		   const struct memory_area *old)
{
	const struct memory_area *stack =
		old == NULL ? find_grown(replacing->space->set, now) : NULL;

	now->flags = (now->flags & ~VM_SOURCE) | replacing->source;
	if (old != NULL && (same_object(old, now) || is_moved_zero(old, now)))
		inherit(now, old, ~(VM_VISIBLE | VM_SOURCE));
	else if (stack != NULL)
		inherit(now, stack, ~(VM_VISIBLE | VM_SOURCE | VM_OF_PAGES));
	else if (replacing->source == VM_OBSERVED && replacing->known)
		inherit(now, &replacing->fresh, FRESH_FLAGS);
	if (vm_area_is_special(replacing->space, now))
		now->flags &= ~VM_LOCKED;
	if (replacing->grown && old == NULL && now->tag[VM_TAG_OBJECT] == 0 &&
	    !(now->flags & (VM_SHARED | VM_FILE)))
		now->flags |= VM_GROWSDOWN;
}

static bool continues(const struct memory_area *left, const struct memory_area *right)
{
	return left->range.end == right->range.start && left->flags == right->flags &&
	       left->origin == right->origin && left->tag[0] == right->tag[0] &&
	       left->tag[1] == right->tag[1] &&
	       memory_area_offset_at(left, left->range.end) == right->offset;
}

/* ----------------------------------------------------------------- piece by piece */

static int flush(struct replacing *replacing)
{
	struct memory_area *pending = &replacing->pending;
	int error = 0;

	if (!vm_range_is_empty(pending->range))
		error = memory_set_replace(replacing->space->set, pending->range, pending, 1);
	pending->range = (struct addr_range){ 0 };
	return error;
}

/* Neighbours that are alike go into the set in one step. */
static int add(struct replacing *replacing, const struct memory_area *now)
{
	struct memory_area *pending = &replacing->pending;
	int error;

	if (!vm_range_is_empty(pending->range) && continues(pending, now)) {
		pending->range.end = now->range.end;
		return 0;
	}
	error = flush(replacing);
	*pending = *now;
	return error;
}

static struct memory_area cut(const struct memory_area *area, struct addr_range range)
{
	struct memory_area piece = *area;

	memory_area_clip(&piece, range);
	return piece;
}

/*
 * The first piece of @rest, which is a part of the kernel's area: up to where
 * what was there changes. @old is set to that; false when nothing was there.
 */
static bool first_piece(const struct memory_set *set, const struct memory_area *rest,
			struct memory_area *now, struct memory_area *old)
{
	const struct memory_area *found = memory_set_find_from(set, rest->range.start);

	*now = *rest;
	if (found == NULL || found->range.start >= rest->range.end)
		return false;
	if (found->range.start > rest->range.start) {
		now->range.end = found->range.start;
		return false;
	}
	*old = cut(found, rest->range);
	now->range.end = old->range.end;
	return true;
}

/* A segment is mapped whole, over whatever was there: an older attachment of it, even. */
static bool is_all_new(const struct replacing *replacing)
{
	return replacing->known && (replacing->fresh.flags & (VM_SHM | VM_AIO));
}

/* What is pending is not in the set yet, but never overlaps what is still to come. */
static int replace_piece(struct replacing *replacing, struct memory_area *rest)
{
	struct memory_area now, old;
	bool was_mapped = first_piece(replacing->space->set, rest, &now, &old);
	struct addr_range after = { now.range.end, rest->range.end };
	int error = 0;

	if (was_mapped && is_fresh(&old) && !agrees(&old, &now)) {
		replacing->fresh = old;
		replacing->known = true;
	}
	was_mapped = was_mapped && !is_all_new(replacing);
	if (was_mapped && agrees(&old, &now)) {
		error = flush(replacing);
		replacing->known = false;
	} else {
		derive(replacing, &now, was_mapped ? &old : NULL);
		error = add(replacing, &now);
	}
	if (vm_range_is_empty(after))
		rest->range.start = rest->range.end;
	else
		*rest = cut(rest, after);
	return error;
}

/* ------------------------------------------------------------------ area by area */

static unsigned count_holes(const struct memory_set *set, struct addr_range range)
{
	struct memory_set_iter iter = memory_set_iter_from_start(set, range);
	const struct memory_area *area;
	unsigned n = 0;

	while (n <= HOLES_MAX && (area = memory_set_iter_next(&iter)) != NULL) {
		n += area->range.start > range.start;
		range.start = area->range.end;
	}
	return n + !vm_range_is_empty(range);
}

static int replace_area(struct replacing *replacing, const struct memory_area *area)
{
	struct memory_area rest = *area;
	int error = 0;

	rest.flags |= named_flag(replacing->space, area);
	replacing->known = false;
	if (count_holes(replacing->space->set, area->range) > HOLES_MAX) {
		derive(replacing, &rest, NULL);
		return memory_set_replace(replacing->space->set, rest.range, &rest, 1);
	}
	while (error == 0 && !vm_range_is_empty(rest.range))
		error = replace_piece(replacing, &rest);
	if (replacing->known && (replacing->fresh.flags & (VM_SHM | VM_AIO)))
		learn_size(replacing->space, area);
	return error == 0 ? flush(replacing) : error;
}

static int make_gap(struct vm_space *space, struct addr_range range)
{
	if (vm_range_is_empty(range) || !memory_set_overlaps(space->set, range))
		return 0;
	vm_aftermath_gap(space, range);
	return memory_set_replace(space->set, range, NULL, 0);
}

int vm_replace(struct vm_space *space, struct addr_range range, const struct memory_area *areas,
	       size_t n_areas, uint64_t source)
{
	struct replacing replacing = { .space = space,
				       .source = source & VM_SOURCE,
				       .grown = source & VM_GROWSDOWN };
	uint64_t at = (range.start + VM_PAGE_SIZE - 1) & ~(VM_PAGE_SIZE - 1);
	uint64_t end = vm_page_down(range.end);
	int error = 0;

	for (size_t i = 0; i < n_areas && error == 0; i++) {
		const struct memory_area *area = &areas[i];

		if (area->range.start < at || area->range.end > end ||
		    vm_range_is_empty(area->range))
			return -EINVAL;
		error = make_gap(space, (struct addr_range){ at, area->range.start });
		if (error == 0)
			error = replace_area(&replacing, area);
		if (error == 0)
			vm_aftermath_area(space, area->range);
		at = area->range.end;
	}
	if (error == 0)
		error = make_gap(space, (struct addr_range){ at, end });
	vm_aftermath_answered(space, range);
	return error;
}
