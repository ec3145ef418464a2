/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removing areas from the tree, one or a whole range of them.
 *
 * Many at once are cut out: subtrees that lie in the range go back to the pool
 * whole, and only the two paths along the edges of the cut are looked into.
 *
 *               ___________o___________
 *              /     |     |     |     \
 *             o      x     x     x      o          x: given back whole
 *           / | \                     / | \
 *          o  o  x                   x  x  o       one path on either side
 *
 * What is left of the nodes on those paths may be too empty. They are then
 * mended from the root down, by joining or evening out with a neighbour.
 */

#include <string.h>

#include "area_tree.h"

static void drop_u64(uint64_t *array, uint32_t n, uint32_t i, uint32_t count)
{
	memmove(&array[i], &array[i + count], (n - i - count) * sizeof(*array));
}

static void drop_keys(uint64_t *keys, uint32_t n, uint32_t i, uint32_t count)
{
	drop_u64(keys, n, i, count);
	memset(&keys[n - count], 0xff, count * sizeof(*keys));
}

static void inner_drop(struct inner *inner, uint32_t i, uint32_t count)
{
	memmove(&inner->children[i], &inner->children[i + count],
		(inner->n - i - count) * sizeof(inner->children[0]));
	drop_keys(inner->ends, inner->n, i, count);
	drop_u64(inner->starts, inner->n, i, count);
	drop_u64(inner->gaps, inner->n, i, count);
	inner->n -= count;
}

static void leaf_drop(struct area_tree *tree, struct leaf *leaf, uint32_t i, uint32_t count)
{
	memmove(&leaf->areas[i], &leaf->areas[i + count],
		(leaf->n - i - count) * sizeof(leaf->areas[0]));
	drop_keys(leaf->ends, leaf->n, i, count);
	leaf->n -= count;
	tree->n_areas -= count;
}

static void unlink_leaf(struct leaf *leaf)
{
	if (leaf->prev)
		leaf->prev->next = leaf->next;
	if (leaf->next)
		leaf->next->prev = leaf->prev;
}

/* ----------------------------------------------------------------- joining */

/*
 * Entries move between neighbours: @n of them from the start of @right to the
 * end of @left. A negative @n moves them back.
 */
static void leaf_shift(struct leaf *left, struct leaf *right, int n)
{
	uint32_t count = n < 0 ? -n : n;

	if (n > 0) {
		memcpy(&left->areas[left->n], right->areas, count * sizeof(left->areas[0]));
		memcpy(&left->ends[left->n], right->ends, count * sizeof(left->ends[0]));
		memmove(right->areas, &right->areas[count],
			(right->n - count) * sizeof(right->areas[0]));
		drop_keys(right->ends, right->n, 0, count);
	} else {
		memmove(&right->areas[count], right->areas, right->n * sizeof(right->areas[0]));
		memmove(&right->ends[count], right->ends, right->n * sizeof(right->ends[0]));
		memcpy(right->areas, &left->areas[left->n - count], count * sizeof(left->areas[0]));
		memcpy(right->ends, &left->ends[left->n - count], count * sizeof(left->ends[0]));
		memset(&left->ends[left->n - count], 0xff, count * sizeof(left->ends[0]));
	}
	left->n += n;
	right->n -= n;
}

static void shift_u64(uint64_t *left, uint32_t n_left, uint64_t *right, uint32_t n_right, int n)
{
	uint32_t count = n < 0 ? -n : n;

	if (n > 0) {
		memcpy(&left[n_left], right, count * sizeof(*left));
		drop_u64(right, n_right, 0, count);
	} else {
		memmove(&right[count], right, n_right * sizeof(*right));
		memcpy(right, &left[n_left - count], count * sizeof(*left));
	}
}

static void inner_shift(struct inner *left, struct inner *right, int n)
{
	uint32_t l = left->n;
	uint32_t r = right->n;

	if (n > 0) {
		memcpy(&left->children[l], right->children, n * sizeof(void *));
		memmove(right->children, &right->children[n], (r - n) * sizeof(void *));
	} else {
		memmove(&right->children[-n], right->children, r * sizeof(void *));
		memcpy(right->children, &left->children[l + n], -n * sizeof(void *));
	}
	shift_u64(left->ends, l, right->ends, r, n);
	shift_u64(left->starts, l, right->starts, r, n);
	shift_u64(left->gaps, l, right->gaps, r, n);
	left->n += n;
	right->n -= n;
	memset(&left->ends[left->n], 0xff, (INNER_MAX - left->n) * sizeof(left->ends[0]));
	memset(&right->ends[right->n], 0xff, (INNER_MAX - right->n) * sizeof(right->ends[0]));
}

/* How many entries go left: all when they fit with room to spare, else half. */
static int entries_to_shift(uint32_t left, uint32_t right, uint32_t join)
{
	if (left + right <= join)
		return right;
	return (int)((left + right) / 2) - (int)left;
}

static uint32_t join_leaves(struct leaf *left, struct leaf *right)
{
	leaf_shift(left, right, entries_to_shift(left->n, right->n, LEAF_JOIN));
	if (right->n == 0)
		unlink_leaf(right);
	return right->n;
}

static uint32_t join_inners(struct inner *left, struct inner *right)
{
	inner_shift(left, right, entries_to_shift(left->n, right->n, INNER_JOIN));
	return right->n;
}

/* Child @i is too empty: joins it, or evens it out, with a neighbour. */
static void mend_child(struct area_tree *tree, struct inner *inner, uint32_t i, unsigned level)
{
	uint32_t l = i + 1 < inner->n ? i : i - 1;
	void *left = inner->children[l];
	void *right = inner->children[l + 1];
	uint32_t rest = level == 0 ? join_leaves(left, right) : join_inners(left, right);

	inner_summarize(inner, l, level);
	if (rest > 0) {
		inner_summarize(inner, l + 1, level);
	} else {
		inner_drop(inner, l + 1, 1);
		area_tree_give_node(tree, right);
	}
}

static bool child_is_too_empty(const struct inner *inner, uint32_t i, unsigned level)
{
	if (level == 0)
		return ((struct leaf *)inner->children[i])->n < LEAF_MIN;
	return ((struct inner *)inner->children[i])->n < INNER_MIN;
}

static void lower_root(struct area_tree *tree)
{
	while (tree->levels > 0 && ((struct inner *)tree->root)->n == 1) {
		struct inner *root = tree->root;

		tree->root = root->children[0];
		tree->levels--;
		area_tree_give_node(tree, root);
	}
}

/* Mends the highest node that is too empty on the way to @addr, if there is one. */
static bool mend_once(struct area_tree *tree, uint64_t addr)
{
	void *node = tree->root;

	addr = area_tree_below_end(tree, addr);
	for (unsigned level = tree->levels; level-- > 0;) {
		struct inner *inner = node;
		uint32_t i = inner_find(inner, addr);

		if (child_is_too_empty(inner, i, level)) {
			mend_child(tree, inner, i, level);
			lower_root(tree);
			return true;
		}
		node = inner->children[i];
	}
	return false;
}

/* From the top, because mending a node takes a child from the one above. */
static void mend(struct area_tree *tree, uint64_t addr)
{
	lower_root(tree);
	while (mend_once(tree, addr))
		;
}

/* ---------------------------------------------------------------- one leaf */

/*
 * Removes @count areas behind the cursor, which must leave something in the
 * leaf, unless it is the root.
 */
static void erase_in_leaf(struct area_tree *tree, struct cursor *cursor, uint32_t count)
{
	struct leaf *leaf = cursor->leaf;
	uint32_t i = cursor->index;
	uint64_t lost = 0;
	uint64_t gained = 0;

	for (uint32_t j = i > 0 ? i : 1; j <= i + count && j < leaf->n; j++) {
		uint64_t gap = leaf->areas[j].range.start - leaf->ends[j - 1];

		lost = gap > lost ? gap : lost;
	}
	leaf_drop(tree, leaf, i, count);
	if (tree->levels == 0)
		return;
	if (i > 0 && i < leaf->n)
		gained = leaf->areas[i].range.start - leaf->ends[i - 1];
	area_tree_update(tree, cursor, lost, gained);
	if (leaf->n < LEAF_MIN)
		mend(tree, leaf->areas[0].range.start);
}

void area_tree_erase(struct area_tree *tree, struct cursor *cursor)
{
	erase_in_leaf(tree, cursor, 1);
}

/* ----------------------------------------------------------------- cutting */

/* Recursion here and below: as deep as the tree is high. */
static void give_subtree(struct area_tree *tree, void *node, unsigned level)
{
	if (level > 0) {
		struct inner *inner = node;

		for (uint32_t i = 0; i < inner->n; i++)
			give_subtree(tree, inner->children[i], level - 1);
	} else {
		struct leaf *leaf = node;

		unlink_leaf(leaf);
		tree->n_areas -= leaf->n;
	}
	area_tree_give_node(tree, node);
}

static void cut_leaf(struct area_tree *tree, struct leaf *leaf, struct addr_range range)
{
	uint32_t first = leaf_find(leaf, range.start);
	uint32_t last = leaf_find(leaf, range.end);

	leaf_drop(tree, leaf, first, last - first);
}

/* Gives back the children from @i on that lie in @range as a whole; returns how many. */
static uint32_t give_children(struct area_tree *tree, const struct inner *inner, uint32_t i,
			      unsigned level, struct addr_range range)
{
	uint32_t first = i;

	for (; i < inner->n; i++) {
		if (inner->starts[i] < range.start || inner->ends[i] > range.end)
			break;
		give_subtree(tree, inner->children[i], level - 1);
	}
	return i - first;
}

/* No node is cut that lies in @range as a whole, so none becomes empty. */
static void cut(struct area_tree *tree, void *node, unsigned level, struct addr_range range)
{
	struct inner *inner = node;
	uint32_t i = 0;

	if (level == 0) {
		cut_leaf(tree, node, range);
		return;
	}
	while (i < inner->n && inner->ends[i] <= range.start)
		i++;
	while (i < inner->n && inner->starts[i] < range.end) {
		uint32_t covered = give_children(tree, inner, i, level, range);

		inner_drop(inner, i, covered);
		if (covered > 0)
			continue;
		cut(tree, inner->children[i], level - 1, range);
		inner_summarize(inner, i, level - 1);
		i++;
	}
}

/* The tree becomes one empty leaf. */
static void erase_all(struct area_tree *tree)
{
	struct leaf *root;

	give_subtree(tree, tree->root, tree->levels);
	root = area_tree_take_node(tree);
	memset(root->ends, 0xff, sizeof(root->ends));
	root->prev = NULL;
	root->next = NULL;
	root->n = 0;
	tree->root = root;
	tree->levels = 0;
}

/* Does the cut begin and end in this leaf, and leave something in it? */
static bool cut_is_in_leaf(const struct area_tree *tree, const struct cursor *cursor,
			   uint32_t count, struct addr_range range)
{
	const struct leaf *leaf = cursor->leaf;

	if (tree->levels == 0)
		return true;
	if (cursor->index + count < leaf->n)
		return true;
	return cursor->index > 0 && (!leaf->next || leaf->next->areas[0].range.start >= range.end);
}

void area_tree_erase_range(struct area_tree *tree, struct addr_range range)
{
	struct cursor cursor;
	struct memory_area *before;
	struct memory_area *after;
	uint32_t count;
	uint64_t before_start;

	area_tree_seek(tree, range.start, &cursor);
	count = leaf_find(cursor.leaf, range.end) - cursor.index;
	if (cut_is_in_leaf(tree, &cursor, count, range)) {
		erase_in_leaf(tree, &cursor, count);
		return;
	}
	before = cursor_area_before(&cursor);
	before_start = before ? before->range.start : 0;
	area_tree_seek(tree, range.end, &cursor);
	after = cursor_area(&cursor);
	if (!before && !after) {
		erase_all(tree);
		return;
	}
	cut(tree, tree->root, tree->levels, range);
	mend(tree, before_start);
	mend(tree, range.end);
}
