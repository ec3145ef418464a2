/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MEMORY_SET_H
#define MEMORY_SET_H

/*
 * memory_set - the areas of one address space, in address order
 *
 * A set holds memory_areas that never overlap, and applies map, unmap and
 * protect to them with the splitting rules of mmap(2), munmap(2) and
 * mprotect(2). It knows nothing of Linux, threads, files or logs: what a
 * mapping means is the business of a mapping_backend.
 *
 *     0x1000        0x5000                  0x9000    0xa000
 *       [ area rw-    )        (gap)          [ area r-- )
 *
 * Units. Addresses, sizes and offsets are in bytes. A range is [start, end).
 * Every range given to a set is a non-empty multiple of the set's page size;
 * the last page of the 64-bit address space can't be mapped (its end is 2^64).
 *
 * Errors. Functions that can fail return 0 or a negative errno (see errno.h);
 * none sets errno, none prints, none aborts. A call refused with -EINVAL,
 * -EEXIST, -ENOBUFS or -ENOMEM changed nothing. When a backend fails in
 * mid-call, what was handled before stays handled, as it does in a kernel;
 * the set and the backend still agree, and the backend's error is returned.
 *
 * Memory. Only memory_set_create() and memory_set_reserve() allocate, through
 * the allocator given at creation. Everything else works within what was
 * reserved and says -ENOBUFS, before anything was changed or any backend was
 * called, when that is too little. So: reserve, act, record; the record can't
 * fail for lack of memory. A set created with @auto_reserve reserves by itself
 * at the start of each operation and returns -ENOMEM when it can't.
 *
 * Dispatch. What a backend is called with is chosen once per set:
 *   MEMORY_SET_PER_AREA     each affected piece of an area goes to that area's
 *                           own backend, in address order. This is how a page
 *                           table is driven.
 *   MEMORY_SET_PER_REQUEST  the set's own backend is called once for the whole
 *                           operation, with the range as the caller gave it,
 *                           gaps included, before the set changes. Replacing is
 *                           part of that one call. This is how an operation is
 *                           forwarded to something that has its own idea of the
 *                           address space, such as a kernel.
 *
 * Merging. With @merge, two neighbours that touch and are equal in flags,
 * backend, origin and tags, and whose offsets are contiguous (or both
 * MEMORY_AREA_NO_OFFSET), become one area.
 *
 * Threads. A set has no lock: callers exclude writers. Readers may run in
 * parallel.
 *
 * Cost. O(log n + k) for n areas of which k are affected, for every operation.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef ML_API
#define ML_API __attribute__((visibility("default")))
#endif

/* ------------------------------------------------------------------ ranges */

/* Addresses from @start up to, but not including, @end. */
struct addr_range {
	uint64_t start;
	uint64_t end;
};

/* --------------------------------------------------------------- allocator */

/*
 * Where a set gets its memory. @alloc returns memory aligned to 64 bytes, or
 * NULL; @free gets the size that was asked for. @context is passed along.
 */
struct ml_allocator {
	void *(*alloc)(void *context, size_t size);
	void (*free)(void *context, void *memory, size_t size);
	void *context;
};

/* malloc() and free(); not available in a build without libc. */
ML_API extern const struct ml_allocator ml_allocator_malloc;

/* ----------------------------------------------------------------- backend */

struct mapping_backend;
struct memory_area;

/*
 * What maps, unmaps and protects for real. All three are mandatory. Each
 * returns 0, or a negative errno and then has changed nothing; the set reports
 * that errno unchanged. A backend must not call back into the set.
 *
 * @map: @area is what is to be mapped. Under MEMORY_SET_PER_REQUEST a backend
 *       may change @area before it returns 0: move its range (the kernel chose
 *       the address), or correct flags, offset, origin and tags to what was
 *       really mapped. Under MEMORY_SET_PER_AREA changes are ignored.
 * @protect: @flags are the new flags.
 *
 * @page_table is whatever the caller passed to the operation.
 */
struct mapping_backend_ops {
	const char *name;
	int (*map)(struct mapping_backend *backend, struct memory_area *area, void *page_table);
	int (*unmap)(struct mapping_backend *backend, struct addr_range range, void *page_table);
	int (*protect)(struct mapping_backend *backend, struct addr_range range, uint64_t flags,
		       void *page_table);
};

/* What each backend begins with: embed this in a backend of your own. */
struct mapping_backend {
	const struct mapping_backend_ops *ops;
};

/* -------------------------------------------------------------------- area */

#define MEMORY_AREA_NO_OFFSET UINT64_MAX

/*
 * A run of pages with the same attributes.
 *
 * @range:   never empty, page aligned
 * @flags:   opaque to the set; equal or not equal is all it asks
 * @backend: who maps and unmaps this area; may be NULL under
 *           MEMORY_SET_PER_REQUEST. Not owned: it must outlive its areas.
 * @offset:  of the byte at @range.start in whatever backs the area. When the
 *           area loses n bytes from its left side, its offset grows by n.
 *           MEMORY_AREA_NO_OFFSET if it has none, and then it never moves.
 * @origin:  who made the area (an opaque number); copied on a split
 * @tag:     the caller's own; copied on a split
 */
struct memory_area {
	struct addr_range range;
	uint64_t flags;
	struct mapping_backend *backend;
	uint64_t offset;
	uint64_t origin;
	uint64_t tag[2];
};

/* The offset of @addr, which lies in @area or at its end. */
static inline uint64_t memory_area_offset_at(const struct memory_area *area, uint64_t addr)
{
	if (area->offset == MEMORY_AREA_NO_OFFSET)
		return MEMORY_AREA_NO_OFFSET;
	return area->offset + (addr - area->range.start);
}

/*
 * Cut @area to the part that lies in @range, its offset moved along. Of an area
 * outside the range nothing is left: its end is not above its start then.
 */
static inline void memory_area_clip(struct memory_area *area, struct addr_range range)
{
	if (area->range.start < range.start) {
		area->offset = memory_area_offset_at(area, range.start);
		area->range.start = range.start;
	}
	if (area->range.end > range.end)
		area->range.end = range.end;
}

/* --------------------------------------------------------------------- set */

struct memory_set;

/* What a backend is called with: see the top of this file. */
enum memory_set_dispatch {
	MEMORY_SET_PER_AREA,
	MEMORY_SET_PER_REQUEST,
};

/* What memory_set_map() does when part of the range is mapped already. */
enum memory_set_overlap {
	MEMORY_SET_REFUSE,  /* -EEXIST when anything is mapped in the range */
	MEMORY_SET_REPLACE, /* unmap what is in the way */
};

/*
 * What a set is made with.
 *
 * @allocator:    NULL means ml_allocator_malloc
 * @page_size:    a power of two; 0 means 4096
 * @dispatch:     see above
 * @backend:      the set's backend under MEMORY_SET_PER_REQUEST, and there only;
 *                NULL then means that every operation is metadata only
 * @merge:        join equal neighbours
 * @auto_reserve: reserve at the start of each operation
 */
struct memory_set_options {
	const struct ml_allocator *allocator;
	uint64_t page_size;
	enum memory_set_dispatch dispatch;
	struct mapping_backend *backend;
	bool merge;
	bool auto_reserve;
};

/* An operation makes at most this many areas more than there were. */
#define MEMORY_SET_MAX_GROWTH 2

/**
 * memory_set_create() - make an empty set
 * @options: copied; NULL means all zero, but with @auto_reserve
 *
 * Return: the set, or NULL when the options make no sense or memory is short;
 * memory_set_try_create() tells the two apart.
 */
ML_API struct memory_set *memory_set_create(const struct memory_set_options *options);

/**
 * memory_set_try_create() - make an empty set, or tell why that failed
 * @options: as for memory_set_create()
 * @set:     the result; NULL on failure
 *
 * Return: 0, -EINVAL when the options make no sense (a page size that is no power
 * of two, a backend of the set under MEMORY_SET_PER_AREA, a dispatch that there is
 * not, no allocator in a build without libc), or -ENOMEM.
 */
ML_API int memory_set_try_create(const struct memory_set_options *options, struct memory_set **set);

/**
 * memory_set_destroy() - free the set
 *
 * No backend is called: use memory_set_clear() first where areas must be
 * unmapped. NULL is fine.
 */
ML_API void memory_set_destroy(struct memory_set *set);

/**
 * memory_set_reserve() - get memory now, so that later calls can't fail for it
 * @n_areas: how many areas the operations that follow may add, in sum:
 *           MEMORY_SET_MAX_GROWTH for each map, unmap or protect, one more than
 *           its areas for each replace
 *
 * Cheap when enough is there already, so it can stand before every operation. Memory that is
 * not used yet is not touched.
 *
 * Return: 0 or -ENOMEM.
 */
ML_API int memory_set_reserve(struct memory_set *set, size_t n_areas);

/**
 * memory_set_map() - add an area
 * @area:       copied into the set. Not const: a per-request backend may change it,
 *              and then the caller finds there what was mapped, and where. Without
 *              such a backend it is not written to.
 * @on_overlap: what to do if part of the range is mapped already
 *
 * Return: 0, -EINVAL, -EEXIST, -ENOBUFS, or what a backend returned; -EINVAL too,
 * with nothing noted, if a backend moved the area to an impossible range. Under
 * MEMORY_SET_PER_AREA and MEMORY_SET_REPLACE the old areas are unmapped first:
 * if the new area's map() then fails, they stay unmapped and nothing is mapped
 * in their place.
 */
ML_API int memory_set_map(struct memory_set *set, struct memory_area *area,
			  enum memory_set_overlap on_overlap, void *page_table);

/**
 * memory_set_unmap() - remove what is mapped in a range
 *
 * Areas that stick out are cut; a range with nothing in it is a success.
 *
 * Return: 0, -EINVAL, -ENOBUFS, or what a backend returned.
 */
ML_API int memory_set_unmap(struct memory_set *set, struct addr_range range, void *page_table);

/*
 * Decides what happens to one affected area. @piece is the part of the area
 * that lies in the range; flags, origin and tags may be changed, anything else
 * is ignored. Return false to leave this area as it is.
 */
typedef bool (*memory_set_update_fn)(struct memory_area *piece, void *context);

/**
 * memory_set_protect() - change the flags of what is mapped in a range
 * @flags:   the new flags, and what a per-request backend is called with
 * @update:  asked for each affected area, in address order, instead of simply
 *           setting @flags; may be NULL
 * @context: passed to @update
 *
 * Gaps in the range are skipped. Areas that have these flags already, or that
 * @update leaves without any change, are not split, and under MEMORY_SET_PER_AREA
 * their backend is not called. A per-request backend is always called, once: what
 * it stands for may know better what the range holds.
 *
 * Return: 0, -EINVAL, -ENOBUFS, or what a backend returned. Under
 * MEMORY_SET_PER_AREA, when a backend fails the areas before keep their new
 * flags.
 */
ML_API int memory_set_protect(struct memory_set *set, struct addr_range range, uint64_t flags,
			      memory_set_update_fn update, void *context, void *page_table);

/**
 * memory_set_clear() - unmap everything
 *
 * Under MEMORY_SET_PER_REQUEST the backend gets one unmap() that runs from the
 * start of the first area to the end of the last.
 */
ML_API int memory_set_clear(struct memory_set *set, void *page_table);

/**
 * memory_set_replace() - say what a range holds, without calling any backend
 * @areas:   @n_areas of them, in address order, inside @range, not overlapping
 *
 * Everything else in @range becomes a gap. This is how facts learned elsewhere
 * (read back from a kernel) enter the set.
 *
 * Return: 0, -EINVAL or -ENOBUFS.
 */
ML_API int memory_set_replace(struct memory_set *set, struct addr_range range,
			      const struct memory_area *areas, size_t n_areas);

/**
 * memory_set_update() - change attributes in a range, without calling any backend
 *
 * As memory_set_protect() with an @update, but metadata only.
 */
ML_API int memory_set_update(struct memory_set *set, struct addr_range range,
			     memory_set_update_fn update, void *context);

/* ----------------------------------------------------------------- looking */

/*
 * Pointers to areas returned below are valid until the set is next changed.
 */

/* The area that @addr lies in, or NULL. */
ML_API const struct memory_area *memory_set_find(const struct memory_set *set, uint64_t addr);

/* The first area that ends above @addr: the one @addr lies in, or the next. */
ML_API const struct memory_area *memory_set_find_from(const struct memory_set *set, uint64_t addr);

/* Is anything mapped in @range? An empty range overlaps nothing. */
ML_API bool memory_set_overlaps(const struct memory_set *set, struct addr_range range);

/* The number of areas in the set. */
ML_API size_t memory_set_count(const struct memory_set *set);

/**
 * memory_set_find_free_area() - find the lowest free place at or above a hint
 * @hint:      where to start looking, in bytes; rounded up to @alignment
 * @size:      in bytes, a non-zero multiple of the page size
 * @limit:     the found range lies in it
 * @alignment: a power of two; 0 means the page size
 * @start:     the result
 *
 * Only places at or above the hint are considered: the search does not begin anew
 * below it.
 *
 * Return: 0, -EINVAL, or -ENOMEM when there is no such place.
 */
ML_API int memory_set_find_free_area(const struct memory_set *set, uint64_t hint, uint64_t size,
				     struct addr_range limit, uint64_t alignment, uint64_t *start);

/* --------------------------------------------------------------- iterating */

/*
 * A position between two areas. The set must not change while it is in use.
 * The fields are the set's business: areas lie side by side in blocks, @at is
 * the position between the areas from @first to @stop of one block.
 */
struct memory_set_iter {
	const struct memory_area *at;
	const struct memory_area *first;
	const struct memory_area *stop;
	const void *leaf;
	struct addr_range range;
};

/*
 * Makes an iterator that visits the areas that overlap @range. The iterator starts in
 * front of the first of them (_from_start) or behind the last (_from_end).
 */
ML_API struct memory_set_iter memory_set_iter_from_start(const struct memory_set *set,
							 struct addr_range range);
ML_API struct memory_set_iter memory_set_iter_from_end(const struct memory_set *set,
						       struct addr_range range);

/* Used by the two functions below: goes on to the next block, and passes over an area there. */
ML_API const struct memory_area *memory_set_iter_next_leaf(struct memory_set_iter *iter);
ML_API const struct memory_area *memory_set_iter_prev_leaf(struct memory_set_iter *iter);

/* Passes over one area, in that direction, and returns it; NULL at the end. */
static inline const struct memory_area *memory_set_iter_next(struct memory_set_iter *iter)
{
	return iter->at != iter->stop ? iter->at++ : memory_set_iter_next_leaf(iter);
}

static inline const struct memory_area *memory_set_iter_prev(struct memory_set_iter *iter)
{
	return iter->at != iter->first ? --iter->at : memory_set_iter_prev_leaf(iter);
}

/*
 * memory_set_for_each() - a loop over the areas that overlap a range, in address order
 * @area: a const struct memory_area *, each of them in turn; NULL behind the last
 * @iter: a struct memory_set_iter *, the loop's own
 *
 *     struct memory_set_iter iter;
 *     const struct memory_area *area;
 *
 *     memory_set_for_each(area, &iter, set, MEMORY_SET_ALL)
 *             bytes += area->range.end - area->range.start;
 */
#define memory_set_for_each(area, iter, set, overlapping)                                          \
	for (*(iter) = memory_set_iter_from_start((set), (overlapping));                           \
	     ((area) = memory_set_iter_next(iter)) != NULL;)

/* The range of all addresses. */
#ifdef __cplusplus
#define MEMORY_SET_ALL (addr_range{ 0, UINT64_MAX })
#else
#define MEMORY_SET_ALL ((struct addr_range){ 0, UINT64_MAX })
#endif

/* ---------------------------------------------------------------- checking */

/**
 * memory_set_check() - check that a set is consistent
 *
 * Walks everything: O(n).
 *
 * Return: NULL, or the sentence that is violated.
 */
ML_API const char *memory_set_check(const struct memory_set *set);

/* The number of bytes that the set has got from its allocator. */
ML_API size_t memory_set_memory(const struct memory_set *set);

/*
 * Receives a part of a dump; not terminated.
 */
typedef void (*memory_set_write_fn)(void *context, const char *text, size_t len);

/**
 * memory_set_dump() - write one line per area, without malloc and without stdio
 *
 * "start-end flags offset origin tag tag", all hexadecimal, as in
 * 1000-5000 3 0 1 0 0
 */
ML_API void memory_set_dump(const struct memory_set *set, memory_set_write_fn write, void *context);

#ifdef __cplusplus
}
#endif

#endif
