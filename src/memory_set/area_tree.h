/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AREA_TREE_H
#define AREA_TREE_H

/*
 * area_tree - areas in address order, and the gaps between them
 *
 * A B+tree. Areas lie side by side in leaves, leaves are linked both ways. Each
 * node keeps the keys it searches in an array of their own, so that a search
 * reads a few cache lines of keys and then one line: the area.
 *
 *     inner   ends     | 4000 | 9000 | f000 |      the last end below each child
 *             starts   | 1000 | 5000 | a000 |      the first start
 *             gaps     |  800 |    0 | 2000 |      the widest gap inside
 *             children |  .   |  .   |  .   |
 *                         |      |      |
 *     leaf             [ A B ][ C D ][ E F G ]
 *                         <----->  <----->         prev, next
 *
 * The key is the *end* of an area, because every operation on a range begins
 * with "the first area that ends above range.start". Key slots that are not in
 * use hold NO_KEY, which no address reaches: searches need not know how many
 * are in use, and run a fixed number of steps.
 *
 * A gap belongs to the lowest node that has an area on either side of it. So a
 * change in a leaf is known above by start, end and widest gap of that leaf
 * alone, and going up stops where these three stay what they were.
 *
 * Fill. Every node but the root is at least about a third full. Two nodes are
 * joined only if the result has room left, and a split leaves both halves clear
 * of the minimum: mapping and unmapping one area over and over never splits
 * and joins over and over. A node split by appending keeps most at the left,
 * which packs areas that arrive in address order, and so with prepending.
 *
 * Memory. Nodes come from a pool that only area_tree_reserve() fills, and go
 * back to it. No other function allocates or can fail. Recursion goes as deep as
 * the tree is high, and frames are small: this runs on signal stacks.
 */

#include <memory_set/memory_set.h>

/* Tests build the tree with tiny nodes, to have deep trees of few areas. */
#ifndef AREA_TREE_LEAF_MAX
#define AREA_TREE_LEAF_MAX 28 /* 2048 bytes a node */
#endif
#ifndef AREA_TREE_INNER_MAX
#define AREA_TREE_INNER_MAX 56
#endif

enum {
	LEAF_MAX = AREA_TREE_LEAF_MAX,
	LEAF_MIN = LEAF_MAX / 3,
	LEAF_JOIN = LEAF_MAX * 3 / 4, /* join two leaves when the sum is not above */

	INNER_MAX = AREA_TREE_INNER_MAX,
	INNER_MIN = INNER_MAX / 3,
	INNER_JOIN = INNER_MAX * 3 / 4,

	KEY_BLOCK = 7, /* keys are searched in blocks */

	/* Of inner nodes. 2^52 pages of 4 KiB in nodes a third full need 15. */
	MAX_LEVELS = 16,
};

_Static_assert(sizeof(struct memory_area) == 64, "an area fills one cache line");
_Static_assert(LEAF_MAX % KEY_BLOCK == 0 && INNER_MAX % KEY_BLOCK == 0, "nodes are whole blocks");
_Static_assert(LEAF_MIN >= 2 && INNER_MIN >= 2, "a node that is cut must not become empty");

#define NO_KEY UINT64_MAX

struct leaf {
	uint64_t ends[LEAF_MAX]; /* copies of areas[].range.end */
	struct leaf *prev;
	struct leaf *next;
	uint32_t n;
	_Alignas(64) struct memory_area areas[LEAF_MAX];
};

struct inner {
	uint64_t ends[INNER_MAX];
	void *children[INNER_MAX]; /* struct leaf at level 0, else struct inner */
	uint64_t starts[INNER_MAX];
	uint64_t gaps[INNER_MAX];
	uint32_t n;
};

union node {
	struct leaf leaf;
	struct inner inner;
	union node *next_free;
	_Alignas(64) char lines[64];
};

/*
 * A node of 2048 bytes lies in one page of the hardware, and so costs one entry
 * of its translation cache: much of what a cold search costs.
 */
#define NODE_ALIGN (sizeof(union node) & (sizeof(union node) - 1) ? 64 : sizeof(union node))

struct chunk;

struct area_tree {
	void *root;	 /* never NULL: an empty tree is an empty leaf */
	unsigned levels; /* of inner nodes; 0 when the root is a leaf */
	size_t n_areas;

	union node *free;  /* given back */
	size_t n_free;	   /* and those that were never taken */
	size_t n_reserved; /* all nodes ever got, in use or free */
	size_t path_limit; /* below this many areas ... */
	size_t path_nodes; /* ... adding one uses up to so many nodes */
	size_t bytes;
	struct chunk *chunks; /* the oldest, and so on */
	struct chunk *last;
	struct chunk *fresh; /* no chunk in front of it has nodes that were never taken */
	struct ml_allocator allocator;
	union node first; /* the root of an empty tree, before anything is reserved */
};

/*
 * A place in front of an area, or behind the last area of its leaf, and the way
 * down to it: path[0] is the leaf's parent, path[levels - 1] the root.
 */
struct cursor {
	struct leaf *leaf;
	uint32_t index;
	struct step {
		uint32_t index;
		struct inner *node;
	} path[MAX_LEVELS];
};

/* --------------------------------------------------------------- searching */

/* Of @n keys, each @step behind the one before. The compiler leaves no loop of it. */
static inline __attribute__((always_inline)) size_t count_not_above(const uint64_t *keys, size_t n,
								    size_t step, uint64_t addr)
{
	size_t count = 0;

#pragma GCC unroll 16
	for (size_t i = 0; i < n; i++)
		count += keys[i * step] <= addr;
	return count;
}

/*
 * How many of @max sorted keys are not above @addr? Which way a search by halves
 * turns can't be predicted, and each half has to wait for the one before. So all
 * blocks are asked at once, by their last keys, and then all keys of one block.
 */
static inline __attribute__((always_inline)) size_t keys_not_above(const uint64_t *keys, size_t max,
								   uint64_t addr)
{
	size_t n_blocks = max / KEY_BLOCK - 1; /* that can be passed over */
	size_t at = KEY_BLOCK * count_not_above(keys + KEY_BLOCK - 1, n_blocks, KEY_BLOCK, addr);

	return at + count_not_above(keys + at, KEY_BLOCK, 1, addr);
}

/* The child that holds the first area ending above @addr; there must be one. */
static inline uint32_t inner_find(const struct inner *inner, uint64_t addr)
{
	return keys_not_above(inner->ends, INNER_MAX, addr);
}

/* The first area ending above @addr, or leaf->n. */
static inline uint32_t leaf_find(const struct leaf *leaf, uint64_t addr)
{
	return keys_not_above(leaf->ends, LEAF_MAX, addr);
}

static inline void prefetch_keys(const void *node)
{
#pragma GCC unroll 8
	for (size_t i = 0; i <= offsetof(struct leaf, n); i += 64)
		__builtin_prefetch((const char *)node + i);
}

/* NO_KEY is no address that can be looked for; nothing is mapped there. */
static inline uint64_t searchable(uint64_t addr)
{
	return addr < NO_KEY ? addr : NO_KEY - 1;
}

/* Where the last area ends; 0 when there is none. */
static inline uint64_t area_tree_end(const struct area_tree *tree)
{
	const struct inner *inner = tree->root;
	const struct leaf *leaf = tree->root;

	if (tree->levels > 0)
		return inner->ends[inner->n - 1];
	return leaf->n > 0 ? leaf->ends[leaf->n - 1] : 0;
}

/*
 * What to look for in inner nodes: behind the last area there is no child to go
 * on with, so the way leads to the last one.
 */
static inline uint64_t area_tree_below_end(const struct area_tree *tree, uint64_t addr)
{
	uint64_t end = area_tree_end(tree);

	return addr < end ? addr : end - 1;
}

/* The leaf of the first area that ends above @addr, or the last leaf. */
static inline struct leaf *area_tree_leaf(const struct area_tree *tree, uint64_t addr)
{
	void *node = tree->root;

	addr = area_tree_below_end(tree, addr);
	for (unsigned level = tree->levels; level > 0; level--) {
		const struct inner *inner = node;

		node = inner->children[inner_find(inner, addr)];
		prefetch_keys(node);
	}
	return node;
}

/* The area behind the cursor, or NULL at the end of the tree. */
static inline struct memory_area *cursor_area(const struct cursor *cursor)
{
	struct leaf *leaf = cursor->leaf;

	if (cursor->index < leaf->n)
		return &leaf->areas[cursor->index];
	return leaf->next ? &leaf->next->areas[0] : NULL;
}

/* The area in front of the cursor, or NULL. */
static inline struct memory_area *cursor_area_before(const struct cursor *cursor)
{
	struct leaf *leaf = cursor->leaf;

	if (cursor->index > 0)
		return &leaf->areas[cursor->index - 1];
	return leaf->prev ? &leaf->prev->areas[leaf->prev->n - 1] : NULL;
}

/* Passes over one area. Leaves the path behind when the leaf changes. */
static inline void cursor_walk(struct cursor *cursor)
{
	if (++cursor->index < cursor->leaf->n || !cursor->leaf->next)
		return;
	cursor->leaf = cursor->leaf->next;
	cursor->index = 0;
}

/* Puts @cursor in front of the first area that ends above @addr, or behind the last. */
void area_tree_seek(const struct area_tree *tree, uint64_t addr, struct cursor *cursor);

/* ------------------------------------------------------------------ memory */

void area_tree_init(struct area_tree *tree, const struct ml_allocator *allocator);
void area_tree_finish(struct area_tree *tree);

/* Can @n_areas be added, wherever they are? Slower than area_tree_has_room(), but exact. */
bool area_tree_count_room(struct area_tree *tree, size_t n_areas);
int area_tree_reserve(struct area_tree *tree, size_t n_areas);

/* Can @n_areas be added, wherever they are? Quick for the few areas of one operation. */
static inline bool area_tree_has_room(struct area_tree *tree, size_t n_areas)
{
	if (n_areas < 64 && tree->n_areas + n_areas < tree->path_limit &&
	    n_areas * tree->path_nodes <= tree->n_free)
		return true;
	return area_tree_count_room(tree, n_areas);
}

/* Takes a node from the pool, for the tree's own code; there must be room. */
void *area_tree_take_node(struct area_tree *tree);
/* Counts the pool's nodes: what n_free must be. */
size_t area_tree_count_free(const struct area_tree *tree);
void area_tree_give_node(struct area_tree *tree, void *node);

/* ---------------------------------------------------------------- changing */

/*
 * A cursor stays good where this says so; after anything else, seek again.
 */

/* Inserts an area in front of @cursor, which is then in front of the new area. */
void area_tree_insert(struct area_tree *tree, struct cursor *cursor,
		      const struct memory_area *area);

/*
 * Parts the area behind @cursor in two that touch at @addr. Then @cursor is in
 * front of the second, and the first is in the same leaf.
 */
void area_tree_split(struct area_tree *tree, struct cursor *cursor, uint64_t addr);

/*
 * Moves one end of the area behind @cursor, which stays good; the area's offset
 * follows its start.
 */
void area_tree_set_start(struct area_tree *tree, struct cursor *cursor, uint64_t start);
void area_tree_set_end(struct area_tree *tree, struct cursor *cursor, uint64_t end);

/* Removes the area behind @cursor. */
void area_tree_erase(struct area_tree *tree, struct cursor *cursor);

/* Removes all areas in @range; none may stick out. */
void area_tree_erase_range(struct area_tree *tree, struct addr_range range);

/* -------------------------------------------------------------------- gaps */

/*
 * Moves @cursor on until the gap in front of it (and behind an area that was
 * behind the old place) is at least @size wide. False if there is none.
 */
bool area_tree_next_gap(const struct area_tree *tree, struct cursor *cursor, uint64_t size);

/* What an inner node knows of a child. */
struct summary {
	uint64_t start;
	uint64_t end;
	uint64_t gap;
};

uint64_t leaf_widest_gap(const struct leaf *leaf);
uint64_t inner_widest_gap(const struct inner *inner);

/* Computes anew the summary of child @i in @inner, which is path[level] of its areas. */
void inner_summarize(struct inner *inner, unsigned i, unsigned level);

/*
 * Updates the nodes above the cursor's leaf after a change there. @lost and @gained
 * are the widest gap in the leaf that is no more, and the widest new one.
 */
void area_tree_update(struct area_tree *tree, const struct cursor *cursor, uint64_t lost,
		      uint64_t gained);

/* ---------------------------------------------------------------- checking */

const char *area_tree_check(const struct area_tree *tree);

#endif
