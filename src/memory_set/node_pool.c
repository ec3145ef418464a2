/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of a tree: nodes got in chunks, ahead of use.
 *
 * How many nodes may adding n areas use up? Two bounds are known, and either
 * one is enough:
 *
 *   path    one more area splits at most one leaf and each inner node above
 *           it. Good for the few areas of a map() or protect().
 *   fill    a tree of n areas has no more nodes than one in which each is as
 *           empty as allowed. Good for many areas at once.
 *
 * Both depend on the number of areas only, never on the shape of the tree, and
 * grow with it. So a promise stays good: each area that is added uses up the
 * part of the promise that was made for it, and removing areas never takes
 * nodes.
 *
 * Most of what is promised is never used: nodes that were not taken yet are not
 * touched, and so cost no memory where the system gives it out at the first touch.
 *
 *     tree->chunks                        tree->fresh
 *     [ taken, or in the list of free ] -> [ taken | n_fresh ] -> [ n_fresh ]
 */

#include <errno.h>
#include <string.h>

#include "area_tree.h"

/*
 * In front of its nodes, which begin at the next multiple of NODE_ALIGN. Of these the
 * last @n_fresh have never been taken.
 */
struct chunk {
	_Alignas(64) struct chunk *next;
	size_t size;
	size_t n_nodes;
	size_t n_fresh;
};

/* Small enough for a program with few areas, big enough to ask seldom. */
#define CHUNK_MIN_NODES 7

/*
 * A big set grows in steps of 2 MiB, for which an allocator may have memory that
 * is cheaper to look up.
 */
#define CHUNK_BIG_NODES ((size_t)(2 << 20) / sizeof(union node))

/* How many nodes to get when some are missing: some more, to ask seldom. */
static size_t nodes_ahead(const struct area_tree *tree)
{
	size_t ahead = tree->n_reserved / 8;

	if (tree->n_reserved < CHUNK_BIG_NODES)
		return ahead > CHUNK_MIN_NODES ? ahead : CHUNK_MIN_NODES;
	return (ahead / CHUNK_BIG_NODES + 1) * CHUNK_BIG_NODES - 1;
}

static union node *nodes_of(struct chunk *chunk)
{
	return (void *)(((uintptr_t)(chunk + 1) + NODE_ALIGN - 1) & -(uintptr_t)NODE_ALIGN);
}

static union node *take_fresh(struct area_tree *tree)
{
	struct chunk *chunk = tree->fresh;

	while (chunk->n_fresh == 0)
		chunk = chunk->next;
	tree->fresh = chunk;
	return &nodes_of(chunk)[chunk->n_nodes - chunk->n_fresh--];
}

void *area_tree_take_node(struct area_tree *tree)
{
	union node *node = tree->free;

	if (node != NULL)
		tree->free = node->next_free;
	else
		node = take_fresh(tree);
	tree->n_free--;
	return node;
}

void area_tree_give_node(struct area_tree *tree, void *memory)
{
	union node *node = memory;

	node->next_free = tree->free;
	tree->free = node;
	tree->n_free++;
}

/* The nodes of the emptiest tree of @n_areas. */
static size_t fill_bound(size_t n_areas)
{
	size_t n = n_areas / LEAF_MIN;
	size_t sum = n > 1 ? n : 1;

	while (n > 1) {
		n /= INNER_MIN;
		sum += n > 1 ? n : 1;
	}
	return sum;
}

/*
 * The levels of the highest tree of @n_areas, which is what an insertion can
 * split, or make when it splits the root. Notes how long that stays true.
 */
static size_t path_bound(struct area_tree *tree, size_t n_areas)
{
	size_t nodes = 1;
	size_t limit = 2 * LEAF_MIN;

	while (n_areas >= limit) {
		nodes++;
		if (__builtin_mul_overflow(limit, INNER_MIN, &limit))
			limit = SIZE_MAX;
		if (limit == SIZE_MAX)
			break;
	}
	tree->path_nodes = nodes;
	tree->path_limit = limit;
	return nodes;
}

/* The nodes that must still be got so that @n_areas can be added. */
static size_t missing_nodes(struct area_tree *tree, size_t n_areas)
{
	size_t sum = tree->n_areas + n_areas;
	size_t path;
	size_t fill = fill_bound(sum);

	fill = fill > tree->n_reserved ? fill - tree->n_reserved : 0;
	if (__builtin_mul_overflow(n_areas, path_bound(tree, sum), &path))
		return fill;
	path = path > tree->n_free ? path - tree->n_free : 0;
	return path < fill ? path : fill;
}

bool area_tree_count_room(struct area_tree *tree, size_t n_areas)
{
	if (n_areas > SIZE_MAX / 2 - tree->n_areas)
		return false;
	return missing_nodes(tree, n_areas) == 0;
}

static int add_chunk(struct area_tree *tree, size_t n_nodes)
{
	struct chunk *chunk;
	size_t size;

	if (__builtin_mul_overflow(n_nodes, sizeof(union node), &size) ||
	    __builtin_add_overflow(size, NODE_ALIGN, &size))
		return -ENOMEM;
	chunk = tree->allocator.alloc(tree->allocator.context, size);
	if (!chunk)
		return -ENOMEM;
	*chunk = (struct chunk){ .size = size, .n_nodes = n_nodes, .n_fresh = n_nodes };
	if (tree->chunks == NULL)
		tree->chunks = tree->fresh = chunk;
	else
		tree->last->next = chunk;
	tree->last = chunk;
	tree->bytes += size;
	tree->n_reserved += n_nodes;
	tree->n_free += n_nodes;
	return 0;
}

int area_tree_reserve(struct area_tree *tree, size_t n_areas)
{
	size_t ahead = nodes_ahead(tree);
	size_t missing;

	if (n_areas > SIZE_MAX / 2 - tree->n_areas)
		return -ENOMEM;
	missing = missing_nodes(tree, n_areas);
	if (missing == 0)
		return 0;
	if (missing < ahead && add_chunk(tree, ahead) == 0)
		return 0;
	return add_chunk(tree, missing);
}

size_t area_tree_count_free(const struct area_tree *tree)
{
	size_t n = 0;

	for (const union node *node = tree->free; node != NULL; node = node->next_free)
		n++;
	for (const struct chunk *chunk = tree->chunks; chunk != NULL; chunk = chunk->next)
		n += chunk->n_fresh;
	return n;
}

void area_tree_init(struct area_tree *tree, const struct ml_allocator *allocator)
{
	struct leaf *root = &tree->first.leaf;

	/* No assignment of a whole struct: the compiler would build it on the stack. */
	memset(tree, 0, sizeof(*tree));
	memset(root->ends, 0xff, sizeof(root->ends)); /* NO_KEY */
	tree->root = root;
	tree->allocator = *allocator;
}

void area_tree_finish(struct area_tree *tree)
{
	struct chunk *chunk = tree->chunks;

	while (chunk) {
		struct chunk *next = chunk->next;

		tree->allocator.free(tree->allocator.context, chunk, chunk->size);
		chunk = next;
	}
}
