/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks that a tree is what area_tree.h says it is.
 */

#include "area_tree.h"

struct check {
	const struct area_tree *tree;
	const struct leaf *last_leaf; /* the leaf seen last */
	uint64_t last_end;
	size_t n_areas;
	size_t n_nodes;
};

static const char *check_keys(const uint64_t *keys, uint32_t n, uint32_t max)
{
	for (uint32_t i = n; i < max; i++)
		if (keys[i] != NO_KEY)
			return "a key slot that is not in use holds NO_KEY";
	return NULL;
}

static const char *check_areas(struct check *check, const struct leaf *leaf)
{
	for (uint32_t i = 0; i < leaf->n; i++) {
		const struct addr_range *range = &leaf->areas[i].range;

		if (range->start >= range->end)
			return "an area is not empty";
		if (range->start < check->last_end)
			return "areas are in order and don't overlap";
		if (leaf->ends[i] != range->end)
			return "a leaf's keys are the ends of its areas";
		check->last_end = range->end;
	}
	check->n_areas += leaf->n;
	return NULL;
}

static const char *check_leaf(struct check *check, const struct leaf *leaf)
{
	const char *wrong = check_areas(check, leaf);

	if (wrong)
		return wrong;
	if (leaf->n > LEAF_MAX || (leaf->n < LEAF_MIN && check->tree->levels > 0))
		return "a leaf is at least a third full";
	if (leaf->prev != check->last_leaf || (leaf->prev && leaf->prev->next != leaf))
		return "leaves are linked in order";
	check->last_leaf = leaf;
	return check_keys(leaf->ends, leaf->n, LEAF_MAX);
}

static const char *check_summary(const struct inner *inner, uint32_t i, unsigned level)
{
	const struct leaf *leaf = inner->children[i];
	const struct inner *child = inner->children[i];
	uint64_t start = level == 0 ? leaf->areas[0].range.start : child->starts[0];
	uint64_t end = level == 0 ? leaf->ends[leaf->n - 1] : child->ends[child->n - 1];
	uint64_t gap = level == 0 ? leaf_widest_gap(leaf) : inner_widest_gap(child);

	if (inner->starts[i] != start || inner->ends[i] != end)
		return "a node knows where each child starts and ends";
	return inner->gaps[i] == gap ? NULL : "a node knows the widest gap of each child";
}

/* Recursion: as deep as the tree is high. */
static const char *check_node(struct check *check, const void *node, unsigned level)
{
	const struct inner *inner = node;
	const char *wrong = NULL;

	check->n_nodes++;
	if (level == 0)
		return check_leaf(check, node);
	if (inner->n > INNER_MAX || inner->n < 2)
		return "an inner node has two children or more";
	if (inner->n < INNER_MIN && node != check->tree->root)
		return "an inner node is at least a third full";
	for (uint32_t i = 0; i < inner->n && !wrong; i++) {
		wrong = check_node(check, inner->children[i], level - 1);
		if (!wrong)
			wrong = check_summary(inner, i, level - 1);
	}
	return wrong ? wrong : check_keys(inner->ends, inner->n, INNER_MAX);
}

const char *area_tree_check(const struct area_tree *tree)
{
	struct check check = { .tree = tree };
	const char *wrong = check_node(&check, tree->root, tree->levels);
	size_t n_free = area_tree_count_free(tree);

	if (wrong)
		return wrong;
	if (check.last_leaf->next)
		return "leaves are linked in order";
	if (check.n_areas != tree->n_areas)
		return "the number of areas is right";
	if (n_free != tree->n_free)
		return "the number of free nodes is right";
	if (n_free + check.n_nodes != tree->n_reserved + 1)
		return "every node is in the tree or free";
	return NULL;
}
