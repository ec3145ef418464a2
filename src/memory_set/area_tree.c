/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding a place in the tree, and keeping the summaries true above a change.
 */

#include <string.h>

#include "area_tree.h"

void area_tree_seek(const struct area_tree *tree, uint64_t addr, struct cursor *cursor)
{
	uint64_t below_end = area_tree_below_end(tree, addr);
	void *node = tree->root;

	for (unsigned level = tree->levels; level-- > 0;) {
		struct inner *inner = node;
		uint32_t i = inner_find(inner, below_end);

		cursor->path[level].node = inner;
		cursor->path[level].index = i;
		node = inner->children[i];
		prefetch_keys(node);
	}
	cursor->leaf = node;
	cursor->index = leaf_find(node, searchable(addr));
}

static uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

uint64_t leaf_widest_gap(const struct leaf *leaf)
{
	uint64_t widest = 0;

	for (uint32_t i = 1; i < leaf->n; i++)
		widest = max_u64(widest, leaf->areas[i].range.start - leaf->ends[i - 1]);
	return widest;
}

uint64_t inner_widest_gap(const struct inner *inner)
{
	uint64_t widest = inner->gaps[0];

	for (uint32_t i = 1; i < inner->n; i++) {
		widest = max_u64(widest, inner->gaps[i]);
		widest = max_u64(widest, inner->starts[i] - inner->ends[i - 1]);
	}
	return widest;
}

static struct summary leaf_summary(const struct leaf *leaf)
{
	return (struct summary){ .start = leaf->areas[0].range.start,
				 .end = leaf->ends[leaf->n - 1],
				 .gap = leaf_widest_gap(leaf) };
}

static struct summary inner_summary(const struct inner *inner)
{
	return (struct summary){ .start = inner->starts[0],
				 .end = inner->ends[inner->n - 1],
				 .gap = inner_widest_gap(inner) };
}

static void inner_note(struct inner *inner, unsigned i, struct summary summary)
{
	inner->starts[i] = summary.start;
	inner->ends[i] = summary.end;
	inner->gaps[i] = summary.gap;
}

void inner_summarize(struct inner *inner, unsigned i, unsigned level)
{
	void *child = inner->children[i];

	inner_note(inner, i, level == 0 ? leaf_summary(child) : inner_summary(child));
}

/* The wider of the gaps on both sides of child @i, where the @summary matters. */
static uint64_t gap_beside(const struct inner *inner, unsigned i, struct summary summary)
{
	uint64_t widest = 0;

	if (i > 0)
		widest = summary.start - inner->ends[i - 1];
	if (i + 1 < inner->n)
		widest = max_u64(widest, inner->starts[i + 1] - summary.end);
	return widest;
}

/*
 * What becomes of a node's widest gap when some gaps were @lost and others
 * @gained? Only when the widest itself may be lost must all be looked at.
 */
static bool widest_is_lost(uint64_t widest, uint64_t lost, uint64_t gained)
{
	return lost == widest && gained < widest;
}

void area_tree_update(struct area_tree *tree, const struct cursor *cursor, uint64_t lost,
		      uint64_t gained)
{
	const struct leaf *leaf = cursor->leaf;
	struct summary new = { leaf->areas[0].range.start, leaf->ends[leaf->n - 1], 0 };

	for (unsigned level = 0; level < tree->levels; level++) {
		struct inner *inner = cursor->path[level].node;
		unsigned i = cursor->path[level].index;
		struct summary old = { inner->starts[i], inner->ends[i], inner->gaps[i] };

		new.gap = max_u64(old.gap, gained);
		if (widest_is_lost(old.gap, lost, gained))
			new.gap = level == 0 ? leaf_widest_gap(leaf)
					     : inner_widest_gap(inner->children[i]);
		if (new.start == old.start &&new.end == old.end &&new.gap == old.gap)
			return;
		lost = max_u64(old.gap, gap_beside(inner, i, old));
		gained = max_u64(new.gap, gap_beside(inner, i, new));
		inner_note(inner, i, new);
		new.start = inner->starts[0];
		new.end = inner->ends[inner->n - 1];
	}
}

/* The gaps on both sides of area @i, inside the leaf: the wider one. */
static uint64_t leaf_gap_beside(const struct leaf *leaf, unsigned i)
{
	uint64_t widest = 0;

	if (i > 0)
		widest = leaf->areas[i].range.start - leaf->ends[i - 1];
	if (i + 1 < leaf->n)
		widest = max_u64(widest, leaf->areas[i + 1].range.start - leaf->ends[i]);
	return widest;
}

void area_tree_set_start(struct area_tree *tree, struct cursor *cursor, uint64_t start)
{
	struct leaf *leaf = cursor->leaf;
	struct memory_area *area = &leaf->areas[cursor->index];
	uint64_t lost = leaf_gap_beside(leaf, cursor->index);

	area->offset = memory_area_offset_at(area, start);
	area->range.start = start;
	area_tree_update(tree, cursor, lost, leaf_gap_beside(leaf, cursor->index));
}

void area_tree_set_end(struct area_tree *tree, struct cursor *cursor, uint64_t end)
{
	struct leaf *leaf = cursor->leaf;
	uint64_t lost = leaf_gap_beside(leaf, cursor->index);

	leaf->ends[cursor->index] = end;
	leaf->areas[cursor->index].range.end = end;
	area_tree_update(tree, cursor, lost, leaf_gap_beside(leaf, cursor->index));
}
