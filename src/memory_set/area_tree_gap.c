/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding gaps: up from the cursor until a node holds a gap that is wide
 * enough, then down to it.
 */

#include "area_tree.h"

/* The first area from @i on that has such a gap in front of it, in this leaf. */
static uint32_t leaf_next_gap(const struct leaf *leaf, uint32_t i, uint64_t size)
{
	while (i < leaf->n && leaf->areas[i].range.start - leaf->ends[i - 1] < size)
		i++;
	return i;
}

/* The first child from @i on that has such a gap in it, or in front of it. */
static uint32_t inner_next_gap(const struct inner *inner, uint32_t i, uint64_t size)
{
	while (i < inner->n && inner->gaps[i] < size &&
	       inner->starts[i] - inner->ends[i - 1] < size)
		i++;
	return i;
}

static void go_down(struct cursor *cursor, unsigned level, uint32_t i)
{
	cursor->path[level].index = i;
	if (level > 0)
		cursor->path[level - 1].node = cursor->path[level].node->children[i];
	else
		cursor->leaf = cursor->path[0].node->children[i];
}

static void go_to_first_area(struct cursor *cursor, unsigned level)
{
	while (level-- > 0)
		go_down(cursor, level, 0);
	cursor->index = 0;
}

static bool gap_in_front(const struct inner *inner, uint32_t i, uint64_t size)
{
	return i > 0 && inner->starts[i] - inner->ends[i - 1] >= size;
}

/* Down to the first such gap in, or in front of, the child that path[level] is at. */
static void go_to_gap(struct cursor *cursor, unsigned level, uint64_t size)
{
	for (;; level--) {
		struct step *step = &cursor->path[level];
		uint32_t i = step->index;

		go_down(cursor, level, i);
		if (gap_in_front(step->node, i, size)) {
			go_to_first_area(cursor, level);
			return;
		}
		if (level == 0)
			break;
		step = &cursor->path[level - 1];
		step->index = 0;
		if (step->node->gaps[0] < size)
			step->index = inner_next_gap(step->node, 1, size);
	}
	cursor->index = leaf_next_gap(cursor->leaf, 1, size);
}

/* The widest gap in the node at @level of the path: all its parent knows of it. */
static uint64_t widest_at(const struct area_tree *tree, const struct cursor *cursor, unsigned level)
{
	const struct step *up = &cursor->path[level];

	return level < tree->levels ? up->node->gaps[up->index] : UINT64_MAX;
}

bool area_tree_next_gap(const struct area_tree *tree, struct cursor *cursor, uint64_t size)
{
	if (widest_at(tree, cursor, 0) >= size) {
		cursor->index = leaf_next_gap(cursor->leaf, cursor->index + 1, size);
		if (cursor->index < cursor->leaf->n)
			return true;
	}
	for (unsigned level = 0; level < tree->levels; level++) {
		struct step *step = &cursor->path[level];
		uint32_t i = step->node->n;

		if (widest_at(tree, cursor, level + 1) >= size)
			i = inner_next_gap(step->node, step->index + 1, size);
		if (i == step->node->n)
			continue;
		step->index = i;
		go_to_gap(cursor, level, size);
		return true;
	}
	return false;
}
