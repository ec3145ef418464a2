/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include "base/sys.h"
#include "fuzz_judge.h"
#include "fuzz_run.h"
#include "fuzz_world.h"
#include "page_model.h"
#include "vma/vm_abi.h"
#include "vma/vm_compare.h"
#include "../vma/resync.h"

static struct readback kernel; /* too large for the stack */
static struct page_line lines[READBACK_MAX];
static int pagemap = -1;
static bool has_guards; /* this kernel shows them in the pagemap */

/* ------------------------------------------------------------ the set and the kernel */

struct explaining {
	char *text;
	size_t size;
	size_t len;
};

static void explain_area(struct explaining *to, const char *side, const struct memory_area *area)
{
	int n;

	if (area == NULL)
		n = snprintf(to->text + to->len, to->size - to->len, "    %s nothing\n", side);
	else
		n = snprintf(to->text + to->len, to->size - to->len,
			     "    %s %" PRIx64 "-%" PRIx64 " %c%c%c%c object %" PRIu64 " @%" PRIx64
			     " flags %" PRIx64 "\n",
			     side, area->range.start, area->range.end,
			     area->flags & VM_READ ? 'r' : '-', area->flags & VM_WRITE ? 'w' : '-',
			     area->flags & VM_EXEC ? 'x' : '-', area->flags & VM_SHARED ? 's' : 'p',
			     area->tag[VM_TAG_OBJECT],
			     area->offset == MEMORY_AREA_NO_OFFSET ? 0 : area->offset, area->flags);
	if (n > 0 && to->len + (size_t)n < to->size)
		to->len += (size_t)n;
}

static void explain(void *context, const struct vm_difference *difference)
{
	struct explaining *to = context;
	int n;

	if (VM_DIFF_IS_TOLERANCE(difference->kind))
		return;
	n = snprintf(to->text + to->len, to->size - to->len, "  %s %" PRIx64 "-%" PRIx64 "\n",
		     vm_diff_name(difference->kind), difference->range.start,
		     difference->range.end);
	if (n > 0 && to->len + (size_t)n < to->size)
		to->len += (size_t)n;
	explain_area(to, "kernel", difference->kernel);
	explain_area(to, "set   ", difference->ours);
}

static bool set_equals_kernel(struct vm_space *space, char *why, size_t size)
{
	struct explaining to = { why, size, 0 };
	struct vm_array_source theirs;
	struct vm_set_source ours;
	struct vm_comparison comparison;

	to.len = (size_t)snprintf(why, size, "the set differs from the kernel\n");
	vm_array_source_init(&theirs, kernel.areas, kernel.n_areas);
	vm_set_source_init(&ours, space->set, MEMORY_SET_ALL);
	vm_compare(&theirs.source, &ours.source, MEMORY_SET_ALL, explain, &to, &comparison);
	for (unsigned kind = VM_DIFF_STACK_GROWTH; kind < VM_DIFF_COUNT; kind++)
		fuzz_log->counts.tolerated[kind] += comparison.count[kind];
	return vm_comparison_unexplained(&comparison) == 0;
}

/* -------------------------------------------------------------- the model and both */

static bool is_special(const struct vm_space *space, uint64_t object)
{
	const struct vm_object *known = vm_objects_get(&space->objects, (uint32_t)object);

	return known != NULL && known->name_len > 0 &&
	       (known->name[0] == '[' || strncmp(known->name, "/[aio]", 6) == 0);
}

static void make_lines(const struct vm_space *space)
{
	for (size_t i = 0; i < kernel.n_areas; i++) {
		const struct memory_area *area = &kernel.areas[i];
		bool has_offset = area->offset != MEMORY_AREA_NO_OFFSET;

		lines[i] = (struct page_line){
			.start = area->range.start,
			.end = area->range.end,
			.prot = area->flags & VM_PROT,
			.shared = area->flags & VM_SHARED,
			.special = is_special(space, area->tag[VM_TAG_OBJECT]),
			.object = (uint32_t)area->tag[VM_TAG_OBJECT],
			.offset = has_offset ? area->offset / FUZZ_PAGE : 0,
			.growsdown = area->flags & VM_GROWSDOWN,
		};
	}
}

static const struct {
	uint64_t flag;
	uint16_t attribute;
	uint16_t lost;
	const char *name;
} hidden[] = {
	{ VM_GROWSDOWN, PAGE_GROWSDOWN, PAGE_LOST, "growsdown" },
	{ VM_DONTFORK, PAGE_DONTFORK, PAGE_LOST, "dontfork" },
	{ VM_WIPEONFORK, PAGE_WIPEONFORK, PAGE_LOST, "wipeonfork" },
	{ VM_SEALED, PAGE_SEALED, PAGE_LOST, "sealed" },
	{ VM_GUARD, PAGE_GUARD, PAGE_LOST_GUARD, "guarded" },
};

/* What no map shows and the set claims to know all the same, unless the kernel told it. */
static bool hidden_agree(const struct memory_area *area, uint64_t addr, char *why, size_t size)
{
	const struct page *page = page_model_at(addr);

	if (page == NULL || page->state != PAGE_MAPPED)
		return true;
	for (unsigned i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
		bool ours = area->flags & hidden[i].flag;

		if ((page->attributes & hidden[i].lost) != 0 ||
		    ours == ((page->attributes & hidden[i].attribute) != 0))
			continue;
		snprintf(why, size, "the set says that page %" PRIx64 " is %s%s, the model not so",
			 addr, ours ? "" : "not ", hidden[i].name);
		return false;
	}
	return true;
}

/* The pages of the window, and behind them those around the heap. */
enum { N_PLACES = FUZZ_WINDOW_PAGES + FUZZ_HEAP_PAGES };

static uint64_t place(unsigned i)
{
	return i < FUZZ_WINDOW_PAGES ? world.base[FUZZ_ZONE] + i * FUZZ_PAGE
				     : world.base[FUZZ_HEAP] + (i - FUZZ_WINDOW_PAGES) * FUZZ_PAGE;
}

/* Pages whose hidden attributes the set can't know, until they are unmapped. */
static bool unsure[N_PLACES];
static bool unsure_elsewhere; /* in no place: of whatever comes from there */

static bool is_among_places(struct addr_range range)
{
	uint64_t window = world.base[FUZZ_ZONE], heap = world.base[FUZZ_HEAP];

	return (range.start >= window && range.end <= window + FUZZ_WINDOW_PAGES * FUZZ_PAGE) ||
	       (range.start >= heap && range.end <= heap + FUZZ_HEAP_PAGES * FUZZ_PAGE);
}

void fuzz_judge_doubt_hidden(struct addr_range range)
{
	unsure_elsewhere |= !is_among_places(range);
	for (unsigned i = 0; i < N_PLACES; i++) {
		uint64_t addr = place(i);

		unsure[i] |= addr >= range.start && addr < range.end;
	}
}

static bool has_unsure(struct addr_range range)
{
	if (unsure_elsewhere && !is_among_places(range))
		return true;
	for (unsigned i = 0; i < N_PLACES; i++)
		if (unsure[i] && place(i) >= range.start && place(i) < range.end)
			return true;
	return false;
}

void fuzz_judge_moved(struct addr_range from, uint64_t to, uint64_t size)
{
	if (has_unsure(from))
		fuzz_judge_doubt_hidden((struct addr_range){ to, to + size });
}

/* What maps do show: vm_compare() has seen no difference, and may be wrong itself. */
static bool shown_agree(const struct memory_area *area, uint64_t addr, char *why, size_t size)
{
	const struct page *page = page_model_at(addr);
	bool mapped = page != NULL && page->state == PAGE_MAPPED;
	bool has_offset;
	uint64_t offset;

	/* A stack that has grown. */
	if (area == NULL && mapped && (page->attributes & PAGE_GROWSDOWN))
		return true;
	if ((area != NULL) != mapped) {
		snprintf(why, size, "the set has page %" PRIx64 " %smapped, the model not so", addr,
			 mapped ? "not " : "");
		return false;
	}
	if (area == NULL)
		return true;
	has_offset = page->object != 0 && !(page->attributes & PAGE_SPECIAL);
	offset = memory_area_offset_at(area, addr) / FUZZ_PAGE;
	if ((area->flags & VM_PROT) == page->prot &&
	    ((area->flags & VM_SHARED) != 0) == ((page->attributes & PAGE_SHARED) != 0) &&
	    (!has_offset || offset == page->offset))
		return true;
	snprintf(why, size,
		 "the set says of page %" PRIx64 ": flags %" PRIx64 " offset %" PRIx64
		 ", the model: prot %x attributes %x offset %" PRIx64,
		 addr, area->flags, area->offset, page->prot, page->attributes, page->offset);
	return false;
}

static bool page_agrees(const struct vm_space *space, unsigned i, char *why, size_t size)
{
	uint64_t addr = place(i);
	const struct memory_area *area = memory_set_find(space->set, addr);

	if (!shown_agree(area, addr, why, size))
		return false;
	if (area == NULL)
		unsure[i] = false;
	if (area == NULL || unsure[i] || (area->flags & VM_SOURCE) == VM_RESYNCED)
		return true;
	return hidden_agree(area, addr, why, size);
}

static bool set_agrees_with_model(const struct vm_space *space, char *why, size_t size)
{
	for (unsigned i = 0; i < FUZZ_WINDOW_PAGES; i++)
		if (!page_agrees(space, i, why, size))
			return false;
	for (unsigned i = FUZZ_WINDOW_PAGES; i < N_PLACES; i++)
		unsure[i] &= memory_set_find(space->set, place(i)) != NULL;
	return true;
}

/* --------------------------------------------------------------- what maps don't show */

#define PAGEMAP_GUARD (1ULL << 58)

static bool read_pagemap(uint64_t addr, uint64_t *entries, unsigned n)
{
	return sys_pread(pagemap, entries, n * 8, addr / FUZZ_PAGE * 8) == (long)n * 8;
}

static bool guards_agree(uint64_t start, unsigned n, char *why, size_t size)
{
	uint64_t entries[FUZZ_WINDOW_PAGES];

	if (!has_guards || !read_pagemap(start, entries, n))
		return true;
	fuzz_log->counts.n_guards += n;
	for (unsigned i = 0; i < n; i++)
		if (!page_model_guard(start + i * FUZZ_PAGE, entries[i] & PAGEMAP_GUARD, why, size))
			return false;
	return true;
}

/* Of the process that calls: a fork child has another. */
static void open_pagemap(void)
{
	if (pagemap >= 0)
		sys_close(pagemap);
	pagemap = (int)sys_openat(AT_FDCWD, "/proc/self/pagemap", O_RDONLY | O_CLOEXEC, 0);
}

static void probe_guards(void)
{
	uint64_t at = (uint64_t)sys_mmap(0, FUZZ_PAGE, PROT_READ | PROT_WRITE,
					 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t entry = 0;

	open_pagemap();
	if (sys_madvise(at, FUZZ_PAGE, MADV_GUARD_INSTALL) == 0 && read_pagemap(at, &entry, 1))
		has_guards = entry & PAGEMAP_GUARD;
	sys_munmap(at, FUZZ_PAGE);
}

static char smaps_text[1 << 20];

static const struct {
	const char *word;
	uint16_t attribute;
} vm_flags_words[] = {
	{ " gd", PAGE_GROWSDOWN }, { " dc", PAGE_DONTFORK }, { " wf", PAGE_WIPEONFORK },
	{ " sl", PAGE_SEALED },	   { " ht", PAGE_HUGE },     { " dp", PAGE_DROPPABLE },
};

static uint16_t parse_vm_flags(const char *line)
{
	uint16_t attributes = 0;

	attributes |= strstr(line, " mw") == NULL ? PAGE_READONLY : 0;
	attributes |= strstr(line, " me") == NULL ? PAGE_NOEXEC : 0;
	for (unsigned i = 0; i < sizeof(vm_flags_words) / sizeof(vm_flags_words[0]); i++)
		if (strstr(line, vm_flags_words[i].word) != NULL)
			attributes |= vm_flags_words[i].attribute;
	return attributes;
}

static bool read_smaps(void)
{
	size_t used = 0;
	long n;
	int fd = (int)sys_openat(AT_FDCWD, "/proc/self/smaps", O_RDONLY | O_CLOEXEC, 0);

	while (used < sizeof(smaps_text) - 1 &&
	       (n = sys_read(fd, smaps_text + used, sizeof(smaps_text) - 1 - used)) > 0)
		used += (size_t)n;
	smaps_text[used] = '\0';
	sys_close(fd);
	return used > 0 && used < sizeof(smaps_text) - 1;
}

static bool smaps_line(char *line, uint64_t range[2], char *why, size_t size)
{
	const char prefix[] = "VmFlags:";
	char *end;

	if (strncmp(line, prefix, sizeof(prefix) - 1) == 0)
		return page_model_attributes(range[0], range[1], parse_vm_flags(line), why, size);
	if (line[0] > 'Z' || (line[0] >= '0' && line[0] <= '9')) {
		range[0] = strtoull(line, &end, 16);
		range[1] = *end == '-' ? strtoull(end + 1, NULL, 16) : range[0];
	}
	return true;
}

static bool smaps_agree(char *why, size_t size)
{
	uint64_t range[2] = { 0, 0 };
	char *line, *next;

	if (!read_smaps())
		return true;
	fuzz_log->counts.n_smaps++;
	for (line = smaps_text; *line != '\0'; line = next) {
		next = strchr(line, '\n');
		next = next == NULL ? line + strlen(line) : next + 1;
		if (*next != '\0' || next[-1] == '\n')
			next[-1] = '\0';
		/* [vsyscall] is no mapping. */
		if (range[0] >> 63 == 0 && !smaps_line(line, range, why, size))
			return false;
	}
	return true;
}

/* -------------------------------------------------------------------------- judging */

static void read_kernel(struct vm_space *space)
{
	const struct addr_range user = { 0, 1ULL << 63 };

	readback_get(&kernel, space, user, VM_REASON_NONE, KERNEL_TEXT);
	make_lines(space);
}

/* Where the fuzzer's own arrays are: many pages, and none of anybody's business. */
static void ignore_ourselves(void)
{
	uint64_t here = (uint64_t)(uintptr_t)smaps_text;

	for (size_t i = 0; i < kernel.n_areas; i++)
		if (lines[i].start <= here && here < lines[i].end)
			page_model_ignore(lines[i].start, lines[i].end);
}

static void add_model_file(unsigned base, int kind, bool readonly, unsigned same_as)
{
	struct statvfs mount = { 0 };

	fstatvfs((int)world.base[base], &mount);
	if (world.known[base])
		page_model_add_file((struct page_file){
			.fd = (int)world.base[base],
			.kind = kind,
			.readonly = readonly,
			.noexec = mount.f_flag & ST_NOEXEC,
			.same_as = same_as,
		});
}

void fuzz_judge_start(struct vm_space *space)
{
	char why[256];

	probe_guards();
	read_kernel(space);
	page_model_init(space->personality != 0, world.brk);
	add_model_file(FUZZ_FILE, PAGE_FILE_PLAIN, false, UINT32_MAX);
	add_model_file(FUZZ_READONLY, PAGE_FILE_PLAIN, true, 0);
	add_model_file(FUZZ_ZERO, PAGE_FILE_ZERO, false, UINT32_MAX);
	add_model_file(FUZZ_MEMFD, PAGE_FILE_PLAIN, false, UINT32_MAX);
	for (unsigned i = 0; i < 2; i++)
		if (world.known[FUZZ_SHM0 + i])
			page_model_add_segment((int)world.base[FUZZ_SHM0 + i],
					       FUZZ_SEGMENT_SIZE(i));
	ignore_ourselves();
	page_model_import(lines, kernel.n_areas);
	smaps_agree(why, sizeof(why));
}

static bool maps_agree(struct vm_space *space, char *why, size_t size)
{
	const char *broken = memory_set_check(space->set);

	if (broken != NULL) {
		snprintf(why, size, "the set is broken: %s", broken);
		return false;
	}
	read_kernel(space);
	return set_equals_kernel(space, why, size) &&
	       page_model_compare(lines, kernel.n_areas, why, size);
}

static bool all_guards_agree(char *why, size_t size)
{
	return guards_agree(world.base[FUZZ_ZONE], FUZZ_WINDOW_PAGES, why, size) &&
	       guards_agree(world.base[FUZZ_HEAP], FUZZ_HEAP_PAGES, why, size);
}

bool fuzz_judge(struct vm_space *space, enum fuzz_judging how, char *why, size_t size)
{
	if (!maps_agree(space, why, size) || !all_guards_agree(why, size))
		return false;
	if ((how == JUDGE_ATTRIBUTES || page_model_has_lost()) && !smaps_agree(why, size))
		return false;
	return set_agrees_with_model(space, why, size);
}

/* --------------------------------------------------------------------------- a fork */

/* As in the shim: what the kernel did not let the child inherit is missing, and goes. */
bool fuzz_judge_fork(struct vm_space *space, char *why, size_t size)
{
	read_kernel(space);
	readback_put(&kernel, space);
	vm_space_inherit(space);
	page_model_fork();
	open_pagemap();
	return maps_agree(space, why, size) && all_guards_agree(why, size) &&
	       smaps_agree(why, size) && set_agrees_with_model(space, why, size);
}
