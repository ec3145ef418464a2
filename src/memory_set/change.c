/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations that change a set: map, unmap, protect, replace, update.
 *
 * Each operation has the same parts, in this order: is the request valid, is
 * there room for its outcome, tell the backends, note the outcome. The last
 * part can't fail. Where each area has its own backend and one of them fails,
 * the operation ends there and is noted for the part of the range before.
 */

#include <errno.h>

#include "memory_set_private.h"

static bool range_is_valid(const struct memory_set *set, struct addr_range range)
{
	return range.start < range.end && !((range.start | range.end) & set->page_mask);
}

static int need_room(struct memory_set *set, size_t n_areas)
{
	if (area_tree_has_room(&set->tree, n_areas))
		return 0;
	return set->auto_reserve ? area_tree_reserve(&set->tree, n_areas) : -ENOBUFS;
}

/* At level 2 a violation is found by the change that caused it. */
static int changed(const struct memory_set *set, int result)
{
#if defined(ML_CHECK_LEVEL) && ML_CHECK_LEVEL >= 2
	if (memory_set_check(set))
		__builtin_trap();
#else
	(void)set;
#endif
	return result;
}

static struct addr_range intersection(struct addr_range a, struct addr_range b)
{
	return (struct addr_range){ .start = a.start > b.start ? a.start : b.start,
				    .end = a.end < b.end ? a.end : b.end };
}

/* The first area that overlaps @range, or NULL. */
static struct memory_area *seek_in(const struct memory_set *set, struct addr_range range,
				   struct cursor *cursor)
{
	struct memory_area *area;

	area_tree_seek(&set->tree, range.start, cursor);
	area = cursor_area(cursor);
	return area && area->range.start < range.end ? area : NULL;
}

/* ----------------------------------------------------------------- merging */

/*
 * The area at @start grows over the areas in @same, which follow it and are like
 * it. Then @cursor is in front of it.
 */
static void swallow(struct memory_set *set, struct cursor *cursor, uint64_t start,
		    struct addr_range same)
{
	area_tree_erase_range(&set->tree, same);
	area_tree_seek(&set->tree, start, cursor);
	area_tree_set_end(&set->tree, cursor, same.end);
}

/*
 * Moves @cursor over the run of areas that can be merged with the one behind
 * it, as far as they begin in or at the end of @range. Returns the last one.
 */
static const struct memory_area *walk_run(struct cursor *cursor, struct addr_range range)
{
	const struct memory_area *last = cursor_area(cursor);
	const struct memory_area *next;

	for (;;) {
		cursor_walk(cursor);
		next = cursor_area(cursor);
		if (!next || next->range.start > range.end || !memory_area_can_merge(last, next))
			return last;
		last = next;
	}
}

/* Merges what can be merged in @range and across its two ends. */
static void merge_in(struct memory_set *set, struct addr_range range)
{
	const struct memory_area *first;
	struct cursor cursor;

	if (!set->merge)
		return;
	area_tree_seek(&set->tree, range.start - (range.start > 0), &cursor);
	while ((first = cursor_area(&cursor)) && first->range.end <= range.end) {
		uint64_t start = first->range.start;
		uint64_t end = first->range.end;
		uint64_t last_end = walk_run(&cursor, range)->range.end;

		if (last_end > end)
			swallow(set, &cursor, start, (struct addr_range){ end, last_end });
	}
}

/* In front of @cursor, in free space. */
static void insert_merged(struct memory_set *set, struct cursor *cursor,
			  const struct memory_area *area)
{
	const struct memory_area *before = cursor_area_before(cursor);
	const struct memory_area *after = cursor_area(cursor);
	bool merge_before = set->merge && before && memory_area_can_merge(before, area);
	bool merge_after = set->merge && after && memory_area_can_merge(area, after);

	if (merge_before && merge_after) {
		swallow(set, cursor, before->range.start, after->range);
	} else if (merge_before) {
		area_tree_seek(&set->tree, before->range.start, cursor);
		area_tree_set_end(&set->tree, cursor, area->range.end);
	} else if (merge_after) {
		area_tree_set_start(&set->tree, cursor, area->range.start);
	} else {
		area_tree_insert(&set->tree, cursor, area);
	}
}

/* ---------------------------------------------------------------- removing */

static bool is_hole_in(struct addr_range range, const struct memory_area *area)
{
	return area->range.start < range.start && range.end < area->range.end;
}

/* area   [=====================)
 * range        [-------)
 * left   [=====)       [=======)  */
static void punch_hole(struct memory_set *set, struct cursor *cursor, struct addr_range range)
{
	area_tree_split(&set->tree, cursor, range.end);
	cursor->index--;
	area_tree_set_end(&set->tree, cursor, range.start);
}

/* Cuts off what lies in @range of the areas that stick out of it. */
static void trim_edges(struct memory_set *set, struct addr_range range)
{
	struct cursor cursor;
	const struct memory_area *area = seek_in(set, range, &cursor);

	if (area && area->range.start < range.start)
		area_tree_set_end(&set->tree, &cursor, range.start);
	area_tree_seek(&set->tree, range.end - 1, &cursor);
	area = cursor_area(&cursor);
	if (area && area->range.start < range.end && area->range.end > range.end)
		area_tree_set_start(&set->tree, &cursor, range.end);
}

/*
 * Makes @range a gap. @cursor is where seek_in() has put it, and is of no use
 * afterwards.
 */
static void remove_from(struct memory_set *set, struct cursor *cursor, struct addr_range range)
{
	const struct memory_area *area = cursor_area(cursor);

	if (!area || area->range.start >= range.end)
		return;
	if (is_hole_in(range, area)) {
		punch_hole(set, cursor, range);
	} else if (area->range.start < range.start || area->range.end < range.end) {
		trim_edges(set, range);
		area_tree_erase_range(&set->tree, range);
	} else if (area->range.end > range.end) {
		area_tree_set_start(&set->tree, cursor, range.end);
	} else {
		area_tree_erase(&set->tree, cursor);
	}
}

static void remove_range(struct memory_set *set, struct addr_range range)
{
	struct cursor cursor;

	seek_in(set, range, &cursor);
	remove_from(set, &cursor, range);
}

/* Puts @area in place of whatever is there. @cursor is where seek_in() has put it. */
static void put(struct memory_set *set, struct cursor *cursor, const struct memory_area *area)
{
	const struct memory_area *behind = cursor_area(cursor);

	if (behind && behind->range.start < area->range.end) {
		remove_from(set, cursor, area->range);
		seek_in(set, area->range, cursor);
	}
	insert_merged(set, cursor, area);
}

/*
 * Has each area from the cursor's place on unmap the piece that lies in @range,
 * and moves @range->end down to where the first failure is.
 */
static int unmap_pieces(struct cursor *cursor, struct addr_range *range, void *page_table)
{
	struct leaf *leaf = cursor->leaf;
	uint32_t index = cursor->index;
	const struct memory_area *area;
	int error = 0;

	for (; !error && (area = cursor_area(cursor)); cursor_walk(cursor)) {
		struct addr_range piece = intersection(area->range, *range);

		if (piece.start >= piece.end)
			break;
		error = area->backend->ops->unmap(area->backend, piece, page_table);
		if (error)
			range->end = piece.start;
	}
	/* Back to where the cursor's path leads. */
	cursor->leaf = leaf;
	cursor->index = index;
	return error;
}

/* Asks the backends to unmap @range, and shortens it to what they did. */
static int ask_unmap(const struct memory_set *set, struct cursor *cursor, struct addr_range *range,
		     void *page_table)
{
	struct mapping_backend *backend = set->backend;
	int error = 0;

	if (set->dispatch == MEMORY_SET_PER_AREA)
		return unmap_pieces(cursor, range, page_table);
	if (backend)
		error = backend->ops->unmap(backend, *range, page_table);
	if (error)
		range->end = range->start;
	return error;
}

int memory_set_unmap(struct memory_set *set, struct addr_range range, void *page_table)
{
	const struct memory_area *area;
	struct cursor cursor;
	int error;

	if (!range_is_valid(set, range))
		return -EINVAL;
	area = seek_in(set, range, &cursor);
	if (area && is_hole_in(range, area)) {
		error = need_room(set, 1);
		if (error)
			return error;
	}
	error = ask_unmap(set, &cursor, &range, page_table);
	if (range.start < range.end)
		remove_from(set, &cursor, range);
	return changed(set, error);
}

int memory_set_clear(struct memory_set *set, void *page_table)
{
	struct memory_set_iter iter = memory_set_iter_from_end(set, MEMORY_SET_ALL);
	const struct memory_area *last = memory_set_iter_prev(&iter);
	const struct memory_area *first = memory_set_find_from(set, 0);

	if (!first)
		return 0;
	return memory_set_unmap(set, (struct addr_range){ first->range.start, last->range.end },
				page_table);
}

/* ----------------------------------------------------------------- mapping */

/* In both of these @cursor is where seek_in() has put it, before anything is called. */
static int map_per_area(struct memory_set *set, struct cursor *cursor,
			const struct memory_area *area, void *page_table)
{
	struct addr_range range = area->range;
	struct memory_area copy = *area; /* the backend's, to do with as it likes */
	int error = unmap_pieces(cursor, &range, page_table);

	if (!error)
		error = copy.backend->ops->map(copy.backend, &copy, page_table);
	if (!error)
		put(set, cursor, area);
	else if (range.start < range.end)
		remove_from(set, cursor, range);
	return changed(set, error);
}

static int map_per_request(struct memory_set *set, struct cursor *cursor, struct memory_area *area,
			   void *page_table)
{
	struct mapping_backend *backend = set->backend;
	uint64_t start = area->range.start;
	int error = backend ? backend->ops->map(backend, area, page_table) : 0;

	if (error)
		return error;
	if (!range_is_valid(set, area->range))
		return -EINVAL;
	if (area->range.start != start)
		seek_in(set, area->range, cursor);
	put(set, cursor, area);
	return changed(set, 0);
}

int memory_set_map(struct memory_set *set, struct memory_area *area,
		   enum memory_set_overlap on_overlap, void *page_table)
{
	struct cursor cursor;
	int error;

	if (!range_is_valid(set, area->range))
		return -EINVAL;
	if (set->dispatch == MEMORY_SET_PER_AREA && !area->backend)
		return -EINVAL;
	if (seek_in(set, area->range, &cursor) && on_overlap == MEMORY_SET_REFUSE)
		return -EEXIST;
	error = need_room(set, MEMORY_SET_MAX_GROWTH);
	if (error)
		return error;
	if (set->dispatch == MEMORY_SET_PER_AREA)
		return map_per_area(set, &cursor, area, page_table);
	return map_per_request(set, &cursor, area, page_table);
}

/* ---------------------------------------------------------------- updating */

/* What to do to each affected area. */
struct update {
	struct addr_range range;
	uint64_t flags; /* when there is no @decide */
	memory_set_update_fn decide;
	void *context;
	bool ask_backends;
	void *page_table;
};

/* The part of @area that lies in the range, with what it is to be, into @piece. */
static bool is_to_change(const struct update *update, const struct memory_area *area,
			 struct memory_area *piece)
{
	struct addr_range range = intersection(area->range, update->range);
	uint64_t offset = memory_area_offset_at(area, range.start);

	*piece = *area;
	piece->range = range;
	piece->offset = offset;
	if (!update->decide)
		piece->flags = update->flags;
	else if (!update->decide(piece, update->context))
		return false;
	piece->range = range;
	piece->offset = offset;
	piece->backend = area->backend;
	return piece->flags != area->flags || piece->origin != area->origin ||
	       piece->tag[0] != area->tag[0] || piece->tag[1] != area->tag[1];
}

/* @piece takes the place of a part of an area; then @cursor is in front of what follows. */
static void put_piece(struct memory_set *set, struct cursor *cursor,
		      const struct memory_area *piece)
{
	area_tree_seek(&set->tree, piece->range.start, cursor);
	if (cursor_area(cursor)->range.start < piece->range.start)
		area_tree_split(&set->tree, cursor, piece->range.start);
	if (cursor_area(cursor)->range.end > piece->range.end)
		area_tree_split(&set->tree, cursor, piece->range.end);
	else
		cursor_walk(cursor);
	*cursor_area_before(cursor) = *piece;
}

static int update_area(struct memory_set *set, struct cursor *cursor, const struct update *update)
{
	struct memory_area *area = cursor_area(cursor);
	struct mapping_backend *backend = area->backend;
	struct memory_area piece;
	int error = 0;

	if (!is_to_change(update, area, &piece)) {
		cursor_walk(cursor);
		return 0;
	}
	if (update->ask_backends)
		error = backend->ops->protect(backend, piece.range, piece.flags,
					      update->page_table);
	if (error)
		return error;
	if (piece.range.start == area->range.start && piece.range.end == area->range.end) {
		*area = piece;
		cursor_walk(cursor);
	} else {
		put_piece(set, cursor, &piece);
	}
	return 0;
}

static int update_areas(struct memory_set *set, const struct update *update)
{
	const struct memory_area *area;
	struct cursor cursor;
	int error = 0;

	area_tree_seek(&set->tree, update->range.start, &cursor);
	while (!error && (area = cursor_area(&cursor)) && area->range.start < update->range.end)
		error = update_area(set, &cursor, update);
	merge_in(set, update->range);
	return changed(set, error);
}

int memory_set_protect(struct memory_set *set, struct addr_range range, uint64_t flags,
		       memory_set_update_fn update, void *context, void *page_table)
{
	int error;

	if (!range_is_valid(set, range))
		return -EINVAL;
	error = need_room(set, MEMORY_SET_MAX_GROWTH);
	if (!error && set->backend)
		error = set->backend->ops->protect(set->backend, range, flags, page_table);
	if (error)
		return error;
	return update_areas(set, &(struct update){
					 .range = range,
					 .flags = flags,
					 .decide = update,
					 .context = context,
					 .ask_backends = set->dispatch == MEMORY_SET_PER_AREA,
					 .page_table = page_table,
				 });
}

int memory_set_update(struct memory_set *set, struct addr_range range, memory_set_update_fn update,
		      void *context)
{
	int error;

	if (!range_is_valid(set, range) || !update)
		return -EINVAL;
	error = need_room(set, MEMORY_SET_MAX_GROWTH);
	if (error)
		return error;
	return update_areas(set, &(struct update){
					 .range = range,
					 .decide = update,
					 .context = context,
				 });
}

/* --------------------------------------------------------------- replacing */

static bool areas_are_valid(const struct memory_set *set, struct addr_range range,
			    const struct memory_area *areas, size_t n_areas)
{
	for (size_t i = 0; i < n_areas; i++) {
		if (!range_is_valid(set, areas[i].range))
			return false;
		if (areas[i].range.start < range.start || areas[i].range.end > range.end)
			return false;
		if (set->dispatch == MEMORY_SET_PER_AREA && !areas[i].backend)
			return false;
		range.start = areas[i].range.end;
	}
	return true;
}

int memory_set_replace(struct memory_set *set, struct addr_range range,
		       const struct memory_area *areas, size_t n_areas)
{
	struct cursor cursor;
	int error;

	if (!range_is_valid(set, range) || !areas_are_valid(set, range, areas, n_areas))
		return -EINVAL;
	if (n_areas == SIZE_MAX)
		return -ENOBUFS;
	error = need_room(set, n_areas + 1);
	if (error)
		return error;
	remove_range(set, range);
	seek_in(set, range, &cursor);
	for (size_t i = 0; i < n_areas; i++, cursor.index++)
		area_tree_insert(&set->tree, &cursor, &areas[i]);
	merge_in(set, range);
	return changed(set, 0);
}
