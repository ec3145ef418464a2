/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Iterators: the step from leaf to leaf. Within a leaf an iterator is a pointer
 * that moves between two others (see the header).
 */

#include "memory_set_private.h"

/*
 * Leaves lie anywhere in memory, and only we know which is next. How full it is
 * can't be asked without waiting for it: about as full as this one.
 */
static void prefetch_leaf(const struct leaf *leaf, uint32_t n)
{
	const char *end = (const char *)&leaf->areas[n];

	for (const char *line = (const char *)leaf; line < end; line += 64)
		__builtin_prefetch(line);
}

/*
 * Lets the iterator see what lies in its range of @leaf. The @next one, if any,
 * is fetched meanwhile.
 */
static void enter(struct memory_set_iter *iter, const struct leaf *leaf, const struct leaf *next)
{
	uint32_t stop = leaf->n;

	while (stop > 0 && leaf->areas[stop - 1].range.start >= iter->range.end)
		stop--;
	iter->leaf = leaf;
	if (next)
		prefetch_leaf(next, leaf->n);
	iter->first = &leaf->areas[leaf_find(leaf, searchable(iter->range.start))];
	iter->stop = &leaf->areas[stop];
	if (iter->stop < iter->first)
		iter->stop = iter->first;
}

static bool is_empty(struct addr_range range)
{
	return range.start >= range.end;
}

struct memory_set_iter memory_set_iter_from_start(const struct memory_set *set,
						  struct addr_range range)
{
	struct memory_set_iter iter = { .range = range };

	if (!is_empty(range))
		enter(&iter, area_tree_leaf(&set->tree, range.start), NULL);
	iter.at = iter.first;
	return iter;
}

struct memory_set_iter memory_set_iter_from_end(const struct memory_set *set,
						struct addr_range range)
{
	struct memory_set_iter iter = { .range = range };

	if (!is_empty(range))
		enter(&iter, area_tree_leaf(&set->tree, range.end - 1), NULL);
	iter.at = iter.stop;
	return iter;
}

/* Coming from the left, all of a leaf that does not reach the end of the range is in it. */
static void enter_whole(struct memory_set_iter *iter, const struct leaf *leaf)
{
	iter->leaf = leaf;
	iter->first = leaf->areas;
	iter->stop = leaf->areas + leaf->n;
	if (leaf->next)
		prefetch_leaf(leaf->next, leaf->n);
}

const struct memory_area *memory_set_iter_next_leaf(struct memory_set_iter *iter)
{
	const struct leaf *leaf = iter->leaf;

	if (!leaf || !leaf->next || leaf->next->areas[0].range.start >= iter->range.end)
		return NULL;
	leaf = leaf->next;
	if (leaf->ends[leaf->n - 1] <= iter->range.end)
		enter_whole(iter, leaf);
	else
		enter(iter, leaf, NULL);
	iter->at = iter->first + 1;
	return iter->first;
}

const struct memory_area *memory_set_iter_prev_leaf(struct memory_set_iter *iter)
{
	const struct leaf *leaf = iter->leaf;

	if (!leaf || !leaf->prev || leaf->prev->ends[leaf->prev->n - 1] <= iter->range.start)
		return NULL;
	enter(iter, leaf->prev, leaf->prev->prev);
	iter->at = iter->stop - 1;
	return iter->at;
}
