/* SPDX-License-Identifier: Apache-2.0 */
#include "subject.h"

static void *set_create(void)
{
	return memory_set_create(&(struct memory_set_options){
		.dispatch = MEMORY_SET_PER_REQUEST,
		.auto_reserve = true,
	});
}

static void set_destroy(void *self)
{
	memory_set_destroy(self);
}

static void set_map(void *self, const struct memory_area *area)
{
	struct memory_area copy = *area;

	memory_set_map(self, &copy, MEMORY_SET_REPLACE, NULL);
}

static void set_unmap(void *self, struct addr_range range)
{
	memory_set_unmap(self, range, NULL);
}

static void set_protect(void *self, struct addr_range range, uint64_t flags)
{
	memory_set_protect(self, range, flags, NULL, NULL, NULL);
}

static const struct memory_area *set_find(void *self, uint64_t addr)
{
	return memory_set_find(self, addr);
}

static uint64_t set_find_free(void *self, uint64_t size)
{
	uint64_t start = UINT64_MAX;

	memory_set_find_free_area(self, 0, size, MEMORY_SET_ALL, 0, &start);
	return start;
}

static uint64_t set_iterate(void *self)
{
	struct memory_set_iter iter = memory_set_iter_from_start(self, MEMORY_SET_ALL);
	const struct memory_area *area;
	uint64_t sum = 0;

	while ((area = memory_set_iter_next(&iter)))
		sum += look_at(area);
	return sum;
}

static size_t set_memory(void *self)
{
	return memory_set_memory(self);
}

const struct subject memory_set_subject = {
	.name = "memory_set",
	.create = set_create,
	.destroy = set_destroy,
	.map = set_map,
	.unmap = set_unmap,
	.protect = set_protect,
	.find = set_find,
	.find_free = set_find_free,
	.iterate = set_iterate,
	.memory = set_memory,
};
