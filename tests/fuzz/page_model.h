/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FUZZ_PAGE_MODEL_H
#define TESTS_FUZZ_PAGE_MODEL_H

/*
 * page_model - an address space as an array of pages
 *
 * A second opinion about what calls do, as dumb as can be: no areas, no splitting,
 * no merging; each page says for itself what is there. It shares no code with
 * src/vma; it is written from the manual pages and from what the kernel was seen to
 * do. It takes a call and the kernel's answer, and says what the pages are now.
 *
 * Where that can't be told (most calls that fail half-way), pages are unknown until
 * the next comparison, which takes over what the kernel has there, and counts them.
 *
 *     page    ... [gap][rw- @3][rw- @4][unknown][gap] ...
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum page_state {
	PAGE_GAP = 0,
	PAGE_MAPPED,
	PAGE_UNKNOWN,
};

/* page.attributes */
#define PAGE_SHARED	 0x001
#define PAGE_READONLY	 0x002 /* may never be made writable */
#define PAGE_NOEXEC	 0x004 /* nor executable: READ_IMPLIES_EXEC has no effect on it */
#define PAGE_GROWSDOWN	 0x008
#define PAGE_DONTFORK	 0x010
#define PAGE_WIPEONFORK	 0x020
#define PAGE_SEALED	 0x040
#define PAGE_GUARD	 0x080
#define PAGE_HUGE	 0x100 /* a part of a page of 2 MiB */
#define PAGE_ZERO_FILE	 0x200 /* private /dev/zero: shows a file, and is anonymous memory */
#define PAGE_LOST	 0x400 /* attributes that no map shows are not known */
#define PAGE_LOST_OFFSET 0x800
#define PAGE_LOST_GUARD	 0x1000
#define PAGE_SPECIAL	 0x2000 /* the kernel's own: vdso, rings */
#define PAGE_DROPPABLE	 0x4000 /* MAP_DROPPABLE */

/* What smaps tells of attributes. */
#define PAGE_IN_SMAPS                                                                              \
	(PAGE_READONLY | PAGE_NOEXEC | PAGE_GROWSDOWN | PAGE_DONTFORK | PAGE_WIPEONFORK |          \
	 PAGE_SEALED | PAGE_HUGE | PAGE_DROPPABLE)

/*
 * @object:     number of what is mapped, 0: plain anonymous memory
 * @attachment: number of the shmat that made it, 0: none, PAGE_ANY_ATTACHMENT: not known
 * @offset:     in pages, where there is an object
 */
struct page {
	uint8_t state;
	uint8_t prot;
	uint16_t attributes;
	uint16_t object;
	uint16_t attachment;
	uint64_t offset;
};

#define PAGE_ANY_ATTACHMENT 0xffff

/* A call as it was made: the system call's number, its arguments, its result. */
struct page_call {
	long nr;
	uint64_t args[6];
	int64_t result;
	uint64_t made_at;   /* of io_setup and of ARCH_MAP_VDSO: where; 0: not known */
	uint64_t vector[4]; /* of process_madvise, with @n_vector pairs */
	unsigned n_vector;
};

/* What the kernel has: one line of its map, with any number for its object. */
struct page_line {
	uint64_t start;
	uint64_t end;
	uint8_t prot;
	bool shared;
	bool special;
	uint32_t object;
	uint64_t offset; /* in pages */
	bool growsdown;
};

/* A descriptor that may be mapped. */
struct page_file {
	int fd;
	enum { PAGE_FILE_PLAIN, PAGE_FILE_ZERO } kind;
	bool readonly;
	bool noexec;
	unsigned same_as; /* number of an earlier file of which this is another descriptor, or -1 */
};

struct page_counts {
	uint64_t n_compared; /* pages */
	uint64_t n_unknown;  /* of them, taken over from the kernel */
	uint64_t n_lost;     /* pages whose hidden attributes were taken over */
};

/* Everything the model is told before the first call. One model per process. */
void page_model_init(bool read_implies_exec, uint64_t brk);
int page_model_add_file(struct page_file file);
void page_model_add_segment(int id, uint64_t size);
void page_model_ignore(uint64_t start, uint64_t end);
void page_model_import(const struct page_line *lines, size_t n);

/* What a call did. */
void page_model_call(const struct page_call *call);

/* The child of a fork is left with this. */
void page_model_fork(void);

/*
 * Compares all pages with the kernel's, and takes over what is unknown.
 *
 * Return: false when a page differs; @why is set to a sentence.
 */
bool page_model_compare(const struct page_line *lines, size_t n, char *why, size_t size);

/* Of one page, or NULL when nothing is or was there. */
const struct page *page_model_at(uint64_t addr);

/* Is there a page whose attributes only smaps (or the pagemap) can tell? */
bool page_model_has_lost(void);

/*
 * Attributes of the pages in [start, end), from smaps; lost ones are taken over.
 * Return: false when they differ.
 */
bool page_model_attributes(uint64_t start, uint64_t end, uint16_t attributes, char *why,
			   size_t size);

/* Likewise, whether one page is guarded, from the pagemap. */
bool page_model_guard(uint64_t addr, bool guarded, char *why, size_t size);

extern struct page_counts page_counts;

#endif
