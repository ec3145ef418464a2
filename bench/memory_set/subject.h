/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_MEMORY_SET_SUBJECT_H
#define BENCH_MEMORY_SET_SUBJECT_H

/*
 * subject - a data structure that keeps areas in address order, and is measured
 */

#include <memory_set/memory_set.h>

struct subject {
	const char *name;
	void *(*create)(void);
	void (*destroy)(void *self);
	/* Adds an area; nothing is in its way. */
	void (*map)(void *self, const struct memory_area *area);
	void (*unmap)(void *self, struct addr_range range);
	void (*protect)(void *self, struct addr_range range, uint64_t flags);
	const struct memory_area *(*find)(void *self, uint64_t addr);
	/* The lowest gap of that size. */
	uint64_t (*find_free)(void *self, uint64_t size);
	/* Looks at every area: the sum of sizes and flags. */
	uint64_t (*iterate)(void *self);
	/* In bytes, everything included. */
	size_t (*memory)(void *self);
};

extern const struct subject memory_set_subject;
extern const struct subject array_subject;
extern const struct subject gtree_subject; /* where there is GLib */

static inline struct memory_area with_range(const struct memory_area *area, uint64_t start,
					    uint64_t end)
{
	struct memory_area part = *area;

	part.offset = memory_area_offset_at(area, start);
	part.range.start = start;
	part.range.end = end;
	return part;
}

static inline uint64_t look_at(const struct memory_area *area)
{
	return area->range.end - area->range.start + area->flags;
}

#endif
