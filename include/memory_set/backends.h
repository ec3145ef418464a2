/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MEMORY_SET_BACKENDS_H
#define MEMORY_SET_BACKENDS_H

/*
 * backends - three mapping backends: a page array, a trace, and one that fails
 *
 * To use, to learn from and to test with. They allocate nothing, print nothing, and work
 * on any system.
 */

#include <memory_set/memory_set.h>

#ifdef __cplusplus
extern "C" {
#endif

/* -------------------------------------------------------------- page array */

/*
 * The reference backend: an array with one entry per page stands for a page
 * table. Entry i describes the page at i * page_size. An entry is the page's
 * flags, or PAGE_ARRAY_UNMAPPED.
 *
 * Mapping a mapped page, or touching an unmapped one, is -EEXIST and -EFAULT:
 * a set that drives its backend correctly never causes either.
 */
#define PAGE_ARRAY_UNMAPPED UINT64_MAX

/* The array that stands for a page table: what is passed as @page_table. */
struct page_array {
	uint64_t *entries;
	size_t n_pages;
	uint64_t page_size;
};

/* Marks every page as unmapped. @entries is the caller's. */
ML_API void page_array_init(struct page_array *table, uint64_t *entries, size_t n_pages,
			    uint64_t page_size);

/* The backend of a page array, under MEMORY_SET_PER_AREA: any number of areas may share it. */
ML_API extern struct mapping_backend page_array_backend;

/* ------------------------------------------------------------------- trace */

/*
 * Writes each call as a line of text, then passes it on.
 *
 *     map 1000-5000 flags 3
 *     unmap 2000-3000
 *     protect 3000-4000 flags 1 = -12
 */
struct trace_backend {
	struct mapping_backend backend; /* hand out &trace.backend */
	struct mapping_backend *next;	/* NULL: every call succeeds */
	memory_set_write_fn write;
	void *context;
};

ML_API void trace_backend_init(struct trace_backend *trace, struct mapping_backend *next,
			       memory_set_write_fn write, void *context);

/* ----------------------------------------------------------------- failing */

/*
 * Lets @calls_left calls through and answers every later one with @error.
 */
struct failing_backend {
	struct mapping_backend backend;
	struct mapping_backend *next; /* NULL: every call that is let through succeeds */
	uint64_t calls_left;
	int error; /* a negative errno */
};

ML_API void failing_backend_init(struct failing_backend *failing, struct mapping_backend *next,
				 uint64_t calls_left, int error);

#ifdef __cplusplus
}
#endif

#endif
