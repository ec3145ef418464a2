/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FUZZ_PAGE_MODEL_PRIVATE_H
#define TESTS_FUZZ_PAGE_MODEL_PRIVATE_H

/* page_model_private - the pages, shared by page_model.c and page_model_calls.c. */

#include "page_model.h"

#define PAGE_SHIFT 12
#define PAGE_SIZE_ (1ULL << PAGE_SHIFT)

enum { PAGE_FILES_MAX = 8, PAGE_SEGMENTS_MAX = 4, PAGE_RINGS_MAX = 16 };

struct page_segment {
	int id;
	uint64_t size;
	uint16_t object;
};

/* An aio context: where its ring is, or was when it was unmapped. */
struct page_ring {
	uint64_t at;
	uint64_t n_pages;
	uint16_t object;
};

struct page_model {
	bool read_implies_exec;
	bool moves_many;     /* mremap moves several areas at once: Linux 6.17 */
	bool ring_forgotten; /* there were more than rings has room for */
	uint64_t brk;
	uint64_t ignored_start, ignored_end;
	unsigned n_files, n_segments, n_rings;
	struct page_file files[PAGE_FILES_MAX];
	uint16_t file_objects[PAGE_FILES_MAX];
	struct page_segment segments[PAGE_SEGMENTS_MAX];
	struct page_ring rings[PAGE_RINGS_MAX];
	uint16_t n_objects;
	uint16_t n_attachments;
};

extern struct page_model page_model;

/* The page with this number, made when it has never been met. */
struct page *page_model_page(uint64_t number);

uint16_t page_model_new_object(void);

static inline uint64_t page_round_up(uint64_t size, uint64_t unit)
{
	return (size + unit - 1) & ~(unit - 1);
}

#endif
