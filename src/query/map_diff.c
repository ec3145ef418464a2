/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include "query/area_kind.h"
#include "query/heap.h"
#include "query/map_diff.h"

/* -------------------------------------------------------------------------- sides */

void diff_side_free(struct diff_side *side)
{
	for (size_t i = 0; side->keys != NULL && i < side->n; i++)
		free(side->keys[i]);
	free(side->keys);
	free(side->areas);
	*side = (struct diff_side){ 0 };
}

bool diff_is_mapledgers(const struct vm_space *space, const struct memory_area *area)
{
	const struct vm_object *object = area_object(space, area);
	const char *slash = object != NULL ? strrchr(object->name, '/') : NULL;

	return (area->flags & VM_OWN) ||
	       (slash != NULL && strcmp(slash + 1, "libmapledger.so") == 0);
}

void diff_side_take(struct diff_side *side, const struct vm_space *space)
{
	struct memory_set_iter iter = memory_set_iter_from_start(space->set, MEMORY_SET_ALL);
	const struct memory_area *area;

	side->space = space;
	side->areas = heap_array(memory_set_count(space->set), sizeof(*side->areas));
	while ((area = memory_set_iter_next(&iter)) != NULL)
		if (!diff_is_mapledgers(space, area))
			side->areas[side->n++] = *area;
}

void map_diff_free(struct map_diff *diff)
{
	free(diff->changes);
	*diff = (struct map_diff){ 0 };
}

/* ------------------------------------------------------------------------ likeness */

static bool same_object(const struct diff_side *a, const struct memory_area *in_a,
			const struct diff_side *b, const struct memory_area *in_b)
{
	const struct vm_object *left = area_object(a->space, in_a);
	const struct vm_object *right = area_object(b->space, in_b);

	if (left == NULL || right == NULL)
		return left == right;
	if (left->ino == 0 || right->ino == 0)
		return left->ino == right->ino && strcmp(left->name, right->name) == 0;
	return left->dev == right->dev && left->ino == right->ino;
}

static bool same_offset(const struct memory_area *a, const struct memory_area *b, uint64_t at)
{
	bool none_a = a->offset == MEMORY_AREA_NO_OFFSET;
	bool none_b = b->offset == MEMORY_AREA_NO_OFFSET;

	if (none_a || none_b)
		return none_a == none_b || a->tag[VM_TAG_OBJECT] == 0;
	return memory_area_offset_at(a, at) == memory_area_offset_at(b, at);
}

/* ----------------------------------------------------------------------- collecting */

/* Neighbours that changed alike are one change. */
static bool continues(const struct map_change *last, const struct map_change *next)
{
	return last->kind == next->kind && last->range.end == next->range.start &&
	       last->before.flags == next->before.flags && last->after.flags == next->after.flags &&
	       last->before.origin == next->before.origin &&
	       last->after.origin == next->after.origin &&
	       last->before.tag[VM_TAG_OBJECT] == next->before.tag[VM_TAG_OBJECT] &&
	       last->after.tag[VM_TAG_OBJECT] == next->after.tag[VM_TAG_OBJECT] &&
	       last->after.tag[VM_TAG_CHANGED] == next->after.tag[VM_TAG_CHANGED];
}

static void add_change(struct map_diff *diff, const struct map_change *change)
{
	struct map_change *last = diff->n > 0 ? &diff->changes[diff->n - 1] : NULL;

	if (last != NULL && continues(last, change)) {
		last->range.end = change->range.end;
		return;
	}
	diff->changes = heap_grow(diff->changes, diff->n, &diff->capacity, 64, sizeof(*change));
	diff->changes[diff->n++] = *change;
}

/* ----------------------------------------------------------------------- by address */

/* A sweep over both sides; in [@at, @end) neither begins or ends an area. */
struct sweep {
	const struct diff_side *a;
	const struct diff_side *b;
	enum diff_origins origins;
	size_t in_a;
	size_t in_b;
	uint64_t at;
	uint64_t end;
	uint64_t equal_from; /* where in the second side's area at hand the sweep began */
};

/* The area that @at lies in; NULL in a gap, and @end is where it ends, or sooner. */
static const struct memory_area *area_at(const struct diff_side *side, size_t *i, uint64_t at,
					 uint64_t *end)
{
	const struct memory_area *area;

	while (*i < side->n && side->areas[*i].range.end <= at)
		++*i;
	if (*i == side->n)
		return NULL;
	area = &side->areas[*i];
	if (area->range.start > at) {
		if (area->range.start < *end)
			*end = area->range.start;
		return NULL;
	}
	if (area->range.end < *end)
		*end = area->range.end;
	return area;
}

/* false: there is no difference. */
static bool compare_areas(const struct sweep *sweep, const struct memory_area *a,
			  const struct memory_area *b, enum map_change_kind *kind)
{
	if (a == NULL || b == NULL) {
		*kind = a == NULL ? CHANGE_ADDED : CHANGE_REMOVED;
		return a != b;
	}
	*kind = CHANGE_ALTERED;
	if (((a->flags ^ b->flags) & VM_VISIBLE) != 0 || !same_object(sweep->a, a, sweep->b, b) ||
	    !same_offset(a, b, sweep->at))
		return true;
	*kind = CHANGE_REPLACED;
	return sweep->origins == DIFF_COMPARE_ORIGINS && a->origin != b->origin;
}

static void sweep_step(struct sweep *sweep, struct map_diff *diff)
{
	const struct memory_area *a = area_at(sweep->a, &sweep->in_a, sweep->at, &sweep->end);
	const struct memory_area *b = area_at(sweep->b, &sweep->in_b, sweep->at, &sweep->end);
	struct map_change change = { .range = { sweep->at, sweep->end } };

	if (compare_areas(sweep, a, b, &change.kind)) {
		if (a != NULL)
			change.before = *a;
		if (b != NULL)
			change.after = *b;
		if (b != NULL)
			sweep->equal_from = UINT64_MAX;
		add_change(diff, &change);
		return;
	}
	if (b == NULL)
		return;
	if (sweep->at == b->range.start)
		sweep->equal_from = sweep->at;
	diff->n_equal += sweep->end == b->range.end && sweep->equal_from == b->range.start;
}

void map_diff_by_address(struct map_diff *diff, const struct diff_side *a,
			 const struct diff_side *b, enum diff_origins origins)
{
	struct sweep sweep = { .a = a, .b = b, .origins = origins, .equal_from = UINT64_MAX };

	while (sweep.in_a < a->n || sweep.in_b < b->n) {
		sweep.end = UINT64_MAX;
		sweep_step(&sweep, diff);
		sweep.at = sweep.end;
	}
}

/* --------------------------------------------------------------------------- by key */

/* An area of one side, to be sorted by its key and then by its address. */
struct keyed {
	const char *key;
	const struct memory_area *area;
};

static int compare_keyed(const void *a, const void *b)
{
	const struct keyed *left = a;
	const struct keyed *right = b;
	int order = strcmp(left->key, right->key);

	if (order != 0)
		return order;
	return (left->area->range.start > right->area->range.start) -
	       (left->area->range.start < right->area->range.start);
}

static struct keyed *sort_by_key(const struct diff_side *side)
{
	struct keyed *list = heap_array(side->n, sizeof(*list));

	for (size_t i = 0; i < side->n; i++)
		list[i] = (struct keyed){ side->keys[i], &side->areas[i] };
	qsort(list, side->n, sizeof(*list), compare_keyed);
	return list;
}

static uint64_t size_of(const struct memory_area *area)
{
	return area->range.end - area->range.start;
}

/* The next of either side, or of both when their keys are equal. */
static void join_step(struct map_diff *diff, const struct keyed *a, const struct keyed *b)
{
	struct map_change change = { .kind = CHANGE_ALTERED };

	if (a != NULL)
		change.before = *a->area;
	if (b != NULL)
		change.after = *b->area;
	change.range = b != NULL ? b->area->range : a->area->range;
	if (a == NULL || b == NULL) {
		change.kind = a == NULL ? CHANGE_ADDED : CHANGE_REMOVED;
	} else if (((a->area->flags ^ b->area->flags) & VM_VISIBLE) == 0 &&
		   size_of(a->area) == size_of(b->area)) {
		diff->n_equal++;
		return;
	}
	add_change(diff, &change);
}

static int compare_changes(const void *a, const void *b)
{
	const struct map_change *left = a;
	const struct map_change *right = b;

	return (left->range.start > right->range.start) - (left->range.start < right->range.start);
}

void map_diff_by_key(struct map_diff *diff, const struct diff_side *a, const struct diff_side *b)
{
	struct keyed *left = sort_by_key(a);
	struct keyed *right = sort_by_key(b);
	size_t i = 0;
	size_t j = 0;

	while (i < a->n || j < b->n) {
		int order = i == a->n ? 1 : j == b->n ? -1 : strcmp(left[i].key, right[j].key);

		join_step(diff, order <= 0 ? &left[i] : NULL, order >= 0 ? &right[j] : NULL);
		i += order <= 0;
		j += order >= 0;
	}
	free(left);
	free(right);
	if (diff->n > 0)
		qsort(diff->changes, diff->n, sizeof(*diff->changes), compare_changes);
}
