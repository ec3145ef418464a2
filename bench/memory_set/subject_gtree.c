/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GLib's balanced tree as a subject; its keys are pointers to areas.
 */

#include <malloc.h>
#include <stdlib.h>

#include <glib.h>

#include "subject.h"

struct gtree {
	GTree *tree;
	size_t at_start; /* of the heap */
};

static gint compare(gconstpointer a, gconstpointer b, gpointer data)
{
	const struct memory_area *left = a;
	const struct memory_area *right = b;

	(void)data;
	return (left->range.start > right->range.start) - (left->range.start < right->range.start);
}

static size_t heap_in_use(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static void *gtree_create(void)
{
	struct gtree *gtree = malloc(sizeof(*gtree));

	gtree->at_start = heap_in_use();
	gtree->tree = g_tree_new_full(compare, NULL, free, NULL);
	return gtree;
}

static void gtree_destroy(void *self)
{
	struct gtree *gtree = self;

	g_tree_destroy(gtree->tree);
	free(gtree);
}

static void gtree_map(void *self, const struct memory_area *area)
{
	struct gtree *gtree = self;
	struct memory_area *copy = malloc(sizeof(*copy));

	*copy = *area;
	g_tree_insert(gtree->tree, copy, copy);
}

/* The first area that ends above @addr. */
static GTreeNode *find_node(struct gtree *gtree, uint64_t addr)
{
	struct memory_area key = { .range = { addr, addr } };
	GTreeNode *above = g_tree_upper_bound(gtree->tree, &key);
	GTreeNode *below = above ? g_tree_node_previous(above) : g_tree_node_last(gtree->tree);
	struct memory_area *area = below ? g_tree_node_value(below) : NULL;

	return area && area->range.end > addr ? below : above;
}

static struct memory_area *find_area(struct gtree *gtree, uint64_t addr)
{
	GTreeNode *node = find_node(gtree, addr);

	return node ? g_tree_node_value(node) : NULL;
}

static void gtree_unmap(void *self, struct addr_range range)
{
	struct gtree *gtree = self;
	struct memory_area *area;

	while ((area = find_area(gtree, range.start)) && area->range.start < range.end) {
		struct memory_area old = *area;

		if (old.range.start < range.start)
			area->range.end = range.start;
		else
			g_tree_remove(gtree->tree, area);
		if (old.range.end > range.end) {
			struct memory_area right = with_range(&old, range.end, old.range.end);

			gtree_map(gtree, &right);
		}
		range.start = old.range.end;
		if (range.start >= range.end)
			return;
	}
}

/* The benchmark protects within one area. */
static void gtree_protect(void *self, struct addr_range range, uint64_t flags)
{
	struct memory_area *area = find_area(self, range.start);
	struct memory_area part = with_range(area, range.start, range.end);
	uint64_t end = area->range.end;

	part.flags = flags;
	if (area->range.start == range.start && end == range.end) {
		area->flags = flags;
		return;
	}
	if (end > range.end) {
		struct memory_area right = with_range(area, range.end, end);

		gtree_map(self, &right);
	}
	if (area->range.start < range.start) {
		area->range.end = range.start;
		gtree_map(self, &part);
	} else {
		area->range.end = range.end;
		area->flags = flags;
	}
}

static const struct memory_area *gtree_find(void *self, uint64_t addr)
{
	struct memory_area *area = find_area(self, addr);

	return area && area->range.start <= addr ? area : NULL;
}

static uint64_t gtree_find_free(void *self, uint64_t size)
{
	struct gtree *gtree = self;
	GTreeNode *node = g_tree_node_first(gtree->tree);
	uint64_t start = 0;

	for (; node; node = g_tree_node_next(node)) {
		const struct memory_area *area = g_tree_node_value(node);

		if (area->range.start - start >= size)
			break;
		start = area->range.end;
	}
	return start;
}

static uint64_t gtree_iterate(void *self)
{
	struct gtree *gtree = self;
	GTreeNode *node = g_tree_node_first(gtree->tree);
	uint64_t sum = 0;

	for (; node; node = g_tree_node_next(node))
		sum += look_at(g_tree_node_value(node));
	return sum;
}

static size_t gtree_memory(void *self)
{
	struct gtree *gtree = self;

	return heap_in_use() - gtree->at_start;
}

const struct subject gtree_subject = {
	.name = "GTree",
	.create = gtree_create,
	.destroy = gtree_destroy,
	.map = gtree_map,
	.unmap = gtree_unmap,
	.protect = gtree_protect,
	.find = gtree_find,
	.find_free = gtree_find_free,
	.iterate = gtree_iterate,
	.memory = gtree_memory,
};
