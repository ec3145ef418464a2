/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The pages of the model, and their comparison with what the kernel has
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include "page_model_private.h"

enum { LEAF_PAGES = 512, LEAVES_MAX = 512, OBJECTS_MAX = 1 << 16 };

/* Pages with neighbouring numbers, in the order of addresses; never given back. */
struct leaf {
	uint64_t first; /* page number */
	struct page *pages;
};

static struct page pages[LEAVES_MAX][LEAF_PAGES];
static struct leaf leaves[LEAVES_MAX];
static unsigned n_leaves;
static unsigned last_leaf;

/* The kernel's numbers of objects beside the model's: learned at first sight, 0 before. */
static uint32_t kernel_object[OBJECTS_MAX];
static uint16_t our_object[OBJECTS_MAX];

static bool has_lost; /* as of the last comparison */

struct page_model page_model;
struct page_counts page_counts;

/* ------------------------------------------------------------------------ pages */

static unsigned leaf_at_or_after(uint64_t first)
{
	unsigned low = 0, high = n_leaves;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (leaves[middle].first < first)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct leaf *find_leaf(uint64_t first)
{
	if (last_leaf < n_leaves && leaves[last_leaf].first == first)
		return &leaves[last_leaf];
	last_leaf = leaf_at_or_after(first);
	if (last_leaf < n_leaves && leaves[last_leaf].first == first)
		return &leaves[last_leaf];
	return NULL;
}

static struct leaf *make_leaf(uint64_t first)
{
	unsigned at = leaf_at_or_after(first);

	if (n_leaves == LEAVES_MAX) {
		dprintf(2, "page_model: out of leaves\n");
		abort();
	}
	memmove(&leaves[at + 1], &leaves[at], (n_leaves - at) * sizeof(leaves[0]));
	leaves[at] = (struct leaf){ first, pages[n_leaves++] };
	return &leaves[at];
}

struct page *page_model_page(uint64_t number)
{
	uint64_t first = number & ~(uint64_t)(LEAF_PAGES - 1);
	struct leaf *leaf = find_leaf(first);

	if (leaf == NULL)
		leaf = make_leaf(first);
	return &leaf->pages[number - first];
}

const struct page *page_model_at(uint64_t addr)
{
	uint64_t number = addr >> PAGE_SHIFT;
	uint64_t first = number & ~(uint64_t)(LEAF_PAGES - 1);
	struct leaf *leaf = find_leaf(first);

	return leaf == NULL ? NULL : &leaf->pages[number - first];
}

/* ----------------------------------------------------------------------- set-up */

static bool kernel_is_at_least(unsigned major, unsigned minor)
{
	struct utsname name;
	unsigned has_major = 0, has_minor = 0;

	uname(&name);
	if (sscanf(name.release, "%u.%u", &has_major, &has_minor) != 2)
		return false;
	return has_major > major || (has_major == major && has_minor >= minor);
}

void page_model_init(bool read_implies_exec, uint64_t brk)
{
	page_model = (struct page_model){
		.read_implies_exec = read_implies_exec,
		.moves_many = kernel_is_at_least(6, 17),
		.brk = brk,
	};
}

uint16_t page_model_new_object(void)
{
	if (page_model.n_objects == OBJECTS_MAX - 1)
		abort();
	return ++page_model.n_objects;
}

int page_model_add_file(struct page_file file)
{
	unsigned n = page_model.n_files++;

	page_model.files[n] = file;
	page_model.file_objects[n] =
		file.same_as < n ? page_model.file_objects[file.same_as] : page_model_new_object();
	return (int)n;
}

void page_model_add_segment(int id, uint64_t size)
{
	page_model.segments[page_model.n_segments++] = (struct page_segment){
		.id = id,
		.size = page_round_up(size, PAGE_SIZE_),
		.object = page_model_new_object(),
	};
}

void page_model_ignore(uint64_t start, uint64_t end)
{
	page_model.ignored_start = start;
	page_model.ignored_end = end;
}

/* Reserved for later by somebody, a sanitizer say. */
#define TOO_LARGE (1ULL << 26)

static bool is_ignored(const struct page_line *line)
{
	if (line->end - line->start >= TOO_LARGE)
		return true;
	return line->start < page_model.ignored_end && line->end > page_model.ignored_start;
}

/* ----------------------------------------------------- taking over, and comparing */

static uint16_t object_of(uint32_t kernel)
{
	if (kernel == 0)
		return 0;
	if (kernel >= OBJECTS_MAX)
		abort();
	if (our_object[kernel] == 0) {
		our_object[kernel] = page_model_new_object();
		kernel_object[our_object[kernel]] = kernel;
	}
	return our_object[kernel];
}

/* Attributes that stay believable when the same thing is still there. */
static void take_over(struct page *page, const struct page_line *line, uint64_t number)
{
	uint16_t object = object_of(line->object);
	bool same = object == page->object && object != 0;

	page->state = PAGE_MAPPED;
	page->prot = line->prot;
	page->attributes &= same ? PAGE_READONLY | PAGE_NOEXEC | PAGE_ZERO_FILE : 0;
	page->attributes |= PAGE_LOST | PAGE_LOST_GUARD;
	page->attributes |= line->shared ? PAGE_SHARED : 0;
	page->attributes |= line->special ? PAGE_SPECIAL : 0;
	page->attributes |= line->growsdown ? PAGE_GROWSDOWN : 0;
	page->attachment = PAGE_ANY_ATTACHMENT;
	page->object = object;
	page->offset = object == 0 ? 0 : line->offset + number - (line->start >> PAGE_SHIFT);
}

void page_model_import(const struct page_line *lines, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct page_line *line = &lines[i];

		if (is_ignored(line))
			continue;
		for (uint64_t number = line->start >> PAGE_SHIFT; number < line->end >> PAGE_SHIFT;
		     number++)
			take_over(page_model_page(number), line, number);
	}
}

static const char *object_differs(const struct page *page, uint32_t kernel)
{
	if (page->object == 0 || kernel == 0)
		return page->object == 0 && kernel == 0 ? NULL : "object";
	if (kernel >= OBJECTS_MAX)
		abort();
	if (kernel_object[page->object] == 0 && our_object[kernel] == 0) {
		kernel_object[page->object] = kernel;
		our_object[kernel] = page->object;
	}
	return kernel_object[page->object] == kernel ? NULL : "object";
}

/* What differs, or NULL. */
static const char *page_differs(struct page *page, const struct page_line *line, uint64_t number)
{
	uint64_t offset = line->offset + number - (line->start >> PAGE_SHIFT);

	if (page->state == PAGE_GAP)
		return "mapped by the kernel alone";
	if (page->prot != line->prot)
		return "prot";
	if (((page->attributes & PAGE_SHARED) != 0) != line->shared)
		return "sharing";
	if (object_differs(page, line->object) != NULL)
		return "object";
	if (page->attributes & PAGE_LOST_OFFSET)
		page->offset = offset;
	page->attributes &= (uint16_t)~PAGE_LOST_OFFSET;
	return page->object != 0 && page->offset != offset ? "offset" : NULL;
}

static void format_page(const struct page *page, char *text, size_t size)
{
	if (page->state == PAGE_GAP)
		snprintf(text, size, "nothing");
	else
		snprintf(text, size, "%c%c%c%c object %u @%" PRIx64 " attributes %x",
			 page->prot & 1 ? 'r' : '-', page->prot & 2 ? 'w' : '-',
			 page->prot & 4 ? 'x' : '-', page->attributes & PAGE_SHARED ? 's' : 'p',
			 page->object, page->offset << PAGE_SHIFT, page->attributes);
}

static void format_line(const struct page_line *line, char *text, size_t size)
{
	if (line == NULL)
		snprintf(text, size, "nothing");
	else
		snprintf(text, size, "%" PRIx64 "-%" PRIx64 " %c%c%c%c object %u @%" PRIx64,
			 line->start, line->end, line->prot & 1 ? 'r' : '-',
			 line->prot & 2 ? 'w' : '-', line->prot & 4 ? 'x' : '-',
			 line->shared ? 's' : 'p',
			 line->object < OBJECTS_MAX ? our_object[line->object] : 0,
			 line->offset << PAGE_SHIFT);
}

static void explain(const char *what, uint64_t number, const struct page *page,
		    const struct page_line *line, char *why, size_t size)
{
	char ours[128], theirs[128];

	format_page(page, ours, sizeof(ours));
	format_line(line, theirs, sizeof(theirs));
	snprintf(why, size, "the page model: page %" PRIx64 ": %s\n  kernel %s\n  model  %s",
		 number << PAGE_SHIFT, what, theirs, ours);
}

/* One page that the kernel has, or (NULL) has not. */
static const char *compare_page(struct page *page, const struct page_line *line, uint64_t number)
{
	page_counts.n_compared++;
	if (page->state == PAGE_UNKNOWN) {
		page_counts.n_unknown++;
		if (line != NULL)
			take_over(page, line, number);
		else
			*page = (struct page){ 0 };
		return NULL;
	}
	if (line == NULL)
		return page->state == PAGE_MAPPED ? "not mapped by the kernel" : NULL;
	return page_differs(page, line, number);
}

static void make_leaves(const struct page_line *lines, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (uint64_t at = lines[i].start; !is_ignored(&lines[i]) && at < lines[i].end;
		     at = (at | (LEAF_PAGES * PAGE_SIZE_ - 1)) + 1)
			page_model_page(at >> PAGE_SHIFT);
}

bool page_model_compare(const struct page_line *lines, size_t n, char *why, size_t size)
{
	size_t at = 0;

	has_lost = false;
	make_leaves(lines, n);
	for (unsigned i = 0; i < n_leaves; i++)
		for (unsigned k = 0; k < LEAF_PAGES; k++) {
			uint64_t number = leaves[i].first + k;
			struct page *page = &leaves[i].pages[k];
			const struct page_line *line;
			const char *what;

			while (at < n && lines[at].end >> PAGE_SHIFT <= number)
				at++;
			line = at < n && lines[at].start >> PAGE_SHIFT <= number ? &lines[at]
										 : NULL;
			if (line != NULL && is_ignored(line))
				continue;
			if (line == NULL && page->state == PAGE_GAP)
				continue;
			what = compare_page(page, line, number);
			has_lost |= page->attributes & PAGE_LOST;
			if (what == NULL)
				continue;
			explain(what, number, page, line, why, size);
			return false;
		}
	return true;
}

/* ------------------------------------------------------------------- attributes */

bool page_model_has_lost(void)
{
	return has_lost;
}

bool page_model_attributes(uint64_t start, uint64_t end, uint16_t attributes, char *why,
			   size_t size)
{
	for (uint64_t number = start >> PAGE_SHIFT; number < end >> PAGE_SHIFT; number++) {
		struct page *page = page_model_page(number);

		if (page->state != PAGE_MAPPED)
			continue;
		if (page->attributes & PAGE_LOST) {
			page_counts.n_lost++;
			page->attributes &= (uint16_t) ~(PAGE_LOST | PAGE_IN_SMAPS);
			page->attributes |= attributes & PAGE_IN_SMAPS;
		}
		if (((page->attributes ^ attributes) & PAGE_IN_SMAPS) == 0)
			continue;
		snprintf(why, size, "the page model: page %" PRIx64 ": attributes %x, in smaps %x",
			 number << PAGE_SHIFT, page->attributes & PAGE_IN_SMAPS,
			 attributes & PAGE_IN_SMAPS);
		return false;
	}
	return true;
}

bool page_model_guard(uint64_t addr, bool guarded, char *why, size_t size)
{
	struct page *page = page_model_page(addr >> PAGE_SHIFT);

	if (page->attributes & PAGE_LOST_GUARD && page->state == PAGE_MAPPED) {
		page->attributes &= (uint16_t) ~(PAGE_LOST_GUARD | PAGE_GUARD);
		page->attributes |= guarded ? PAGE_GUARD : 0;
	}
	if (((page->attributes & PAGE_GUARD) != 0) == guarded)
		return true;
	snprintf(why, size, "the page model: page %" PRIx64 ": %s by the kernel", addr,
		 guarded ? "guarded" : "not guarded");
	return false;
}

void page_model_fork(void)
{
	for (unsigned i = 0; i < n_leaves; i++)
		for (unsigned k = 0; k < LEAF_PAGES; k++)
			if (leaves[i].pages[k].attributes & PAGE_DONTFORK)
				leaves[i].pages[k] = (struct page){ 0 };
			else if (leaves[i].pages[k].attributes & PAGE_WIPEONFORK)
				leaves[i].pages[k].attributes &= (uint16_t)~PAGE_GUARD;
}
