/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sorted array, searched by halving, as a subject: the plainest thing that works.
 */

#include <stdlib.h>
#include <string.h>

#include "subject.h"

struct array {
	struct memory_area *areas;
	size_t n;
	size_t capacity;
};

static void *array_create(void)
{
	return calloc(1, sizeof(struct array));
}

static void array_destroy(void *self)
{
	struct array *array = self;

	free(array->areas);
	free(array);
}

/* The first area that ends above @addr. */
static size_t find_index(const struct array *array, uint64_t addr)
{
	size_t low = 0;
	size_t high = array->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (array->areas[middle].range.end <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* @n areas in place of @n_old at @i. */
static void splice(struct array *array, size_t i, size_t n_old, const struct memory_area *areas,
		   size_t n)
{
	if (array->n + n > array->capacity) {
		array->capacity = array->capacity ? array->capacity * 2 : 16;
		array->areas = realloc(array->areas, array->capacity * sizeof(*areas));
	}
	memmove(&array->areas[i + n], &array->areas[i + n_old],
		(array->n - i - n_old) * sizeof(*areas));
	memcpy(&array->areas[i], areas, n * sizeof(*areas));
	array->n += n - n_old;
}

static void array_map(void *self, const struct memory_area *area)
{
	struct array *array = self;

	splice(array, find_index(array, area->range.start), 0, area, 1);
}

/* What the areas in @range leave on both sides of it. */
static size_t get_rest(const struct array *array, size_t first, size_t last,
		       struct addr_range range, struct memory_area *rest)
{
	const struct memory_area *left = &array->areas[first];
	const struct memory_area *right = &array->areas[last - 1];
	size_t n = 0;

	if (left->range.start < range.start)
		rest[n++] = with_range(left, left->range.start, range.start);
	if (right->range.end > range.end)
		rest[n++] = with_range(right, range.end, right->range.end);
	return n;
}

static size_t find_last(const struct array *array, size_t first, struct addr_range range)
{
	while (first < array->n && array->areas[first].range.start < range.end)
		first++;
	return first;
}

static void array_unmap(void *self, struct addr_range range)
{
	struct array *array = self;
	size_t first = find_index(array, range.start);
	size_t last = find_last(array, first, range);
	struct memory_area rest[2];

	if (first < last)
		splice(array, first, last - first, rest, get_rest(array, first, last, range, rest));
}

/* The benchmark protects within one area. */
static void array_protect(void *self, struct addr_range range, uint64_t flags)
{
	struct array *array = self;
	size_t i = find_index(array, range.start);
	struct memory_area *area = &array->areas[i];
	struct memory_area parts[3];
	size_t n = 0;

	if (area->range.start < range.start)
		parts[n++] = with_range(area, area->range.start, range.start);
	parts[n] = with_range(area, range.start, range.end);
	parts[n++].flags = flags;
	if (area->range.end > range.end)
		parts[n++] = with_range(area, range.end, area->range.end);
	splice(array, i, 1, parts, n);
}

static const struct memory_area *array_find(void *self, uint64_t addr)
{
	struct array *array = self;
	size_t i = find_index(array, addr);

	return i < array->n && array->areas[i].range.start <= addr ? &array->areas[i] : NULL;
}

static uint64_t array_find_free(void *self, uint64_t size)
{
	struct array *array = self;
	uint64_t start = 0;

	for (size_t i = 0; i < array->n && array->areas[i].range.start - start < size; i++)
		start = array->areas[i].range.end;
	return start;
}

static uint64_t array_iterate(void *self)
{
	struct array *array = self;
	uint64_t sum = 0;

	for (size_t i = 0; i < array->n; i++)
		sum += look_at(&array->areas[i]);
	return sum;
}

static size_t array_memory(void *self)
{
	struct array *array = self;

	return sizeof(*array) + array->capacity * sizeof(*array->areas);
}

const struct subject array_subject = {
	.name = "array",
	.create = array_create,
	.destroy = array_destroy,
	.map = array_map,
	.unmap = array_unmap,
	.protect = array_protect,
	.find = array_find,
	.find_free = array_find_free,
	.iterate = array_iterate,
	.memory = array_memory,
};
