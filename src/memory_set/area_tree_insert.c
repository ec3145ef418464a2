/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Adding an area, and splitting the nodes that are full.
 *
 * A split changes the shape only: no start, end or gap that a node above knows
 * becomes another.
 */

#include <string.h>

#include "base/mutation.h"
#include "area_tree.h"

/*
 * How many of @max entries stay in the left half, when the next one goes in at
 * @index? Areas that arrive in order leave packed nodes behind.
 */
static uint32_t split_at(uint32_t index, uint32_t max, uint32_t min)
{
	if (index == max)
		return max - min;
	return index == 0 ? min : max / 2;
}

static void insert_u64(uint64_t *array, uint32_t n, uint32_t i, uint64_t value)
{
	memmove(&array[i + 1], &array[i], (n - i) * sizeof(*array));
	array[i] = value;
}

/* The upper half of @from's keys moves over to @to. */
static void split_keys(uint64_t *from, uint64_t *to, uint32_t keep, uint32_t max)
{
	memset(to, 0xff, max * sizeof(*to));
	memcpy(to, &from[keep], (max - keep) * sizeof(*to));
	memset(&from[keep], 0xff, (max - keep) * sizeof(*from));
}

/* ------------------------------------------------------------------- inner */

static void make_room_in_inner(struct area_tree *tree, struct cursor *cursor, unsigned level);

/* A new child beside the one that the cursor's path goes through. */
static void inner_insert_after(struct area_tree *tree, struct cursor *cursor, unsigned level,
			       void *child)
{
	struct inner *inner;
	uint32_t i;

	make_room_in_inner(tree, cursor, level);
	inner = cursor->path[level].node;
	i = cursor->path[level].index + 1;
	memmove(&inner->children[i + 1], &inner->children[i],
		(inner->n - i) * sizeof(inner->children[0]));
	inner->children[i] = child;
	insert_u64(inner->ends, inner->n, i, 0);
	insert_u64(inner->starts, inner->n, i, 0);
	insert_u64(inner->gaps, inner->n, i, 0);
	inner->n++;
	inner_summarize(inner, i - 1, level);
	inner_summarize(inner, i, level);
}

static void grow_root(struct area_tree *tree, struct cursor *cursor)
{
	struct inner *root = area_tree_take_node(tree);

	memset(root->ends, 0xff, sizeof(root->ends));
	root->children[0] = tree->root;
	root->n = 1;
	inner_summarize(root, 0, tree->levels);
	cursor->path[tree->levels].node = root;
	cursor->path[tree->levels].index = 0;
	tree->root = root;
	tree->levels++;
}

static struct inner *split_inner(struct area_tree *tree, struct inner *left, uint32_t keep)
{
	struct inner *right = area_tree_take_node(tree);
	uint32_t n = INNER_MAX - keep;

	split_keys(left->ends, right->ends, keep, INNER_MAX);
	memcpy(right->children, &left->children[keep], n * sizeof(left->children[0]));
	memcpy(right->starts, &left->starts[keep], n * sizeof(left->starts[0]));
	memcpy(right->gaps, &left->gaps[keep], n * sizeof(left->gaps[0]));
	left->n = keep;
	right->n = n;
	return right;
}

/* Recursion: as deep as the tree is high. */
static void make_room_in_inner(struct area_tree *tree, struct cursor *cursor, unsigned level)
{
	struct step *step = &cursor->path[level];
	struct inner *right;
	uint32_t keep;

	if (level == tree->levels)
		grow_root(tree, cursor);
	if (step->node->n < INNER_MAX)
		return;
	/* The new child goes in behind the step's; behind the first, it stands for prepending. */
	keep = split_at(step->index == 0 ? 0 : step->index + 1, INNER_MAX, INNER_MIN);
	right = split_inner(tree, step->node, keep);
	inner_insert_after(tree, cursor, level + 1, right);
	if (step->index < keep)
		return;
	step->node = right;
	step->index -= keep;
	cursor->path[level + 1].index++;
}

/* -------------------------------------------------------------------- leaf */

static void link_after(struct leaf *left, struct leaf *right)
{
	right->prev = left;
	right->next = left->next;
	if (right->next)
		right->next->prev = right;
	left->next = right;
}

static void split_leaf(struct area_tree *tree, struct cursor *cursor)
{
	struct leaf *left = cursor->leaf;
	struct leaf *right = area_tree_take_node(tree);
	uint32_t keep = split_at(cursor->index, LEAF_MAX, LEAF_MIN);

	split_keys(left->ends, right->ends, keep, LEAF_MAX);
	memcpy(right->areas, &left->areas[keep], (LEAF_MAX - keep) * sizeof(left->areas[0]));
	left->n = keep;
	right->n = LEAF_MAX - keep;
	link_after(left, right);
	inner_insert_after(tree, cursor, 0, right);
	if (cursor->index <= keep)
		return;
	cursor->leaf = right;
	cursor->index -= keep;
	cursor->path[0].index++;
}

/* Makes a place in front of the cursor; its key and area are still to be written. */
static void open_place(struct area_tree *tree, struct cursor *cursor)
{
	struct leaf *leaf = cursor->leaf;
	uint32_t i = cursor->index;

	memmove(&leaf->areas[i + 1], &leaf->areas[i], (leaf->n - i) * sizeof(leaf->areas[0]));
	memmove(&leaf->ends[i + 1], &leaf->ends[i], (leaf->n - i) * sizeof(leaf->ends[0]));
	leaf->n++;
	tree->n_areas++;
}

void area_tree_insert(struct area_tree *tree, struct cursor *cursor, const struct memory_area *area)
{
	struct leaf *leaf;
	uint64_t before = 0;
	uint64_t behind = 0;
	uint64_t lost = 0;
	uint32_t i;

	if (cursor->leaf->n == LEAF_MAX)
		split_leaf(tree, cursor);
	leaf = cursor->leaf;
	i = cursor->index;
	if (i > 0)
		before = area->range.start - leaf->ends[i - 1];
	if (i < leaf->n)
		behind = leaf->areas[i].range.start - area->range.end;
	if (i > 0 && i < leaf->n)
		lost = leaf->areas[i].range.start - leaf->ends[i - 1];
	open_place(tree, cursor);
	leaf->ends[i] = area->range.end;
	leaf->areas[i] = *area;
	area_tree_update(tree, cursor, lost, before > behind ? before : behind);
}

/* No start, end or gap of the leaf becomes another: nothing to tell above. */
void area_tree_split(struct area_tree *tree, struct cursor *cursor, uint64_t addr)
{
	struct memory_area *area;

	cursor->index++;
	if (cursor->leaf->n == LEAF_MAX)
		split_leaf(tree, cursor);
	open_place(tree, cursor);
	area = &cursor->leaf->areas[cursor->index];
	area[0] = area[-1];
	if (!ML_MUTATED(OFFSET_STAYS))
		area[0].offset = memory_area_offset_at(area, addr);
	area[0].range.start = addr;
	area[-1].range.end = addr;
	cursor->leaf->ends[cursor->index] = area->range.end;
	cursor->leaf->ends[cursor->index - 1] = addr;
}
