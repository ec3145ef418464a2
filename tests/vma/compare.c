/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Tests the comparison of two maps: canonical form, and every kind of difference
 */

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include "areas_text.h"
#include "vma/vm_compare.h"
#include "vma/vm_flags.h"

/* ----------------------------------------------------------------- canonical form */

struct canonical_case {
	char name[48];
	char areas[160];
	char runs[160];
};

static const struct canonical_case canonical_cases[] = {
	{ "nothing", "", "" },
	{ "the kernel's boundaries don't count", "1000-2000 rw-p, 2000-3000 rw-p",
	  "1000-3000 rw-p" },
	{ "nor do history and hidden attributes",
	  "1000-2000 rw-p heap by 3, 2000-3000 rw-p dontfork resynced by 4 changed 5",
	  "1000-3000 rw-p heap by 3" },
	{ "gaps do", "1000-2000 rw-p, 3000-4000 rw-p", "1000-2000 rw-p, 3000-4000 rw-p" },
	{ "protection does", "1000-2000 rw-p, 2000-3000 r--p", "1000-2000 rw-p, 2000-3000 r--p" },
	{ "sharing does", "1000-2000 rw-p, 2000-3000 rw-s", "1000-2000 rw-p, 2000-3000 rw-s" },
	{ "objects do", "1000-2000 r--p file object 1 @0, 2000-3000 r--p file object 2 @1000",
	  "1000-2000 r--p file object 1 @0, 2000-3000 r--p file object 2 @1000" },
	{ "offsets do", "1000-2000 r--p file object 1 @0, 2000-3000 r--p file object 1 @2000",
	  "1000-2000 r--p file object 1 @0, 2000-3000 r--p file object 1 @2000" },
	{ "unless they go on",
	  "1000-2000 r--p file object 1 @0, 2000-3000 r--p file object 1 @1000",
	  "1000-3000 r--p file object 1 @0" },
	{ "having one does", "1000-2000 r--p object 1, 2000-3000 r--p object 1 @0",
	  "1000-2000 r--p object 1, 2000-3000 r--p object 1 @0" },
};

Test(compare, canonical_form_is_what_calls_can_tell)
{
	for (size_t i = 0; i < sizeof(canonical_cases) / sizeof(canonical_cases[0]); i++) {
		const struct canonical_case *row = &canonical_cases[i];
		struct memory_set *set = set_create();
		struct vm_array_source source;
		struct vm_canonical canonical;
		struct memory_area areas[16], run;

		vm_array_source_init(&source, areas, areas_parse(row->areas, areas, 16));
		vm_canonical_init(&canonical, &source.source);
		while (vm_canonical_next(&canonical, &run))
			cr_assert_eq(memory_set_replace(set, run.range, &run, 1), 0);
		cr_assert(!vm_canonical_next(&canonical, &run));
		assert_set(set, row->runs, row->name);
		memory_set_destroy(set);
	}
}

/* -------------------------------------------------------------------- differences */

struct compare_case {
	char name[56];
	char kernel[140];
	char ours[140];
	struct addr_range range; /* zero: everything */
	char differences[120];
	uint64_t n_runs;
	uint64_t n_equal;
};

static const struct compare_case compare_cases[] = {
	{ "equal",
	  "1000-3000 rw-p, 3000-4000 r--p",
	  "1000-2000 rw-p by 3, 2000-3000 rw-p by 4, 3000-4000 r--p",
	  { 0 },
	  "",
	  2,
	  2 },
	{ "nothing at all", "", "", { 0 }, "", 0, 0 },
	{ "mapped in the kernel alone",
	  "1000-2000 rw-p, 3000-4000 r--p",
	  "3000-4000 r--p",
	  { 0 },
	  "1000-2000 kernel-only",
	  2,
	  1 },
	{ "a part is",
	  "1000-4000 rw-p",
	  "2000-3000 rw-p",
	  { 0 },
	  "1000-2000 kernel-only, 3000-4000 kernel-only",
	  1,
	  0 },
	{ "mapped in ours alone",
	  "1000-2000 rw-p",
	  "1000-3000 rw-p, 4000-5000 r--p",
	  { 0 },
	  "2000-3000 ours-only, 4000-5000 ours-only",
	  1,
	  1 },
	{ "protection",
	  "1000-4000 rw-p",
	  "1000-2000 rw-p, 2000-3000 r--p, 3000-4000 rw-p",
	  { 0 },
	  "2000-3000 prot",
	  1,
	  0 },
	{ "sharing", "1000-2000 rw-s", "1000-2000 rw-p", { 0 }, "1000-2000 sharing", 1, 0 },
	{ "object",
	  "1000-2000 rw-p file object 1 @0",
	  "1000-2000 rw-p file object 2 @0",
	  { 0 },
	  "1000-2000 object",
	  1,
	  0 },
	{ "another object is all that counts",
	  "1000-2000 rw-p file object 1 @0",
	  "1000-2000 r--s file object 2 @5000",
	  { 0 },
	  "1000-2000 object",
	  1,
	  0 },
	{ "offset",
	  "1000-2000 rw-p file object 1 @0",
	  "1000-2000 rw-p file object 1 @1000",
	  { 0 },
	  "1000-2000 offset",
	  1,
	  0 },
	{ "offset of a part",
	  "2000-3000 rw-p file object 1 @1000",
	  "1000-3000 rw-p file object 1 @0",
	  { 0 },
	  "1000-2000 ours-only",
	  1,
	  1 },
	{ "a stack grew",
	  "1000-5000 rw-p",
	  "3000-5000 rw-p stack",
	  { 0 },
	  "1000-3000 stack-growth",
	  1,
	  0 },
	{ "not below something else",
	  "1000-5000 rw-p",
	  "3000-5000 rw-p",
	  { 0 },
	  "1000-3000 kernel-only",
	  1,
	  0 },
	{ "nor with another protection",
	  "1000-3000 r--p, 3000-5000 rw-p",
	  "3000-5000 rw-p stack",
	  { 0 },
	  "1000-3000 kernel-only",
	  2,
	  1 },
	{ "nor of a file",
	  "1000-3000 rw-p file object 1 @0, 3000-5000 rw-p",
	  "3000-5000 rw-p stack",
	  { 0 },
	  "1000-3000 kernel-only",
	  2,
	  1 },
	{ "nor away from it",
	  "1000-2000 rw-p, 3000-5000 rw-p",
	  "3000-5000 rw-p stack",
	  { 0 },
	  "1000-2000 kernel-only",
	  2,
	  1 },
	{ "a stack did not shrink",
	  "3000-5000 rw-p",
	  "1000-5000 rw-p stack",
	  { 0 },
	  "1000-3000 ours-only",
	  1,
	  1 },
	{ "a hole in a stack filled up again",
	  "1000-5000 rw-p",
	  "1000-2000 rw-p stack, 3000-5000 rw-p stack",
	  { 0 },
	  "2000-3000 stack-growth",
	  1,
	  0 },
	{ "vsyscall",
	  "ffffffffff600000-ffffffffff601000 --xp object 3",
	  "",
	  { 0 },
	  "ffffffffff600000-ffffffffff601000 vsyscall",
	  1,
	  0 },
	{ "vsyscall, that the ioctl does not tell",
	  "",
	  "ffffffffff600000-ffffffffff601000 --xp object 3",
	  { 0 },
	  "ffffffffff600000-ffffffffff601000 vsyscall",
	  0,
	  0 },
	{ "uprobes", "7000-8000 --xp uprobes object 4", "", { 0 }, "7000-8000 uprobes", 1, 0 },
	{ "our own memory is no exception",
	  "1000-2000 rw-p",
	  "1000-2000 r--p own",
	  { 0 },
	  "1000-2000 prot",
	  1,
	  0 },
	{ "only inside the range",
	  "1000-5000 rw-p",
	  "2000-3000 r--p",
	  { 0x2000, 0x4000 },
	  "2000-3000 prot, 3000-4000 kernel-only",
	  1,
	  0 },
	{ "with the offset there",
	  "1000-5000 r--p file object 1 @0",
	  "2000-3000 r--p file object 1 @1000",
	  { 0x2000, 0x3000 },
	  "",
	  1,
	  1 },
	{ "an empty range", "1000-5000 rw-p", "", { 0x2000, 0x2000 }, "", 0, 0 },
};

struct report {
	char text[512];
	size_t len;
};

static void add_difference(void *context, const struct vm_difference *difference)
{
	struct report *report = context;

	report->len +=
		(size_t)snprintf(report->text + report->len, sizeof(report->text) - report->len,
				 "%s%llx-%llx %s", report->len == 0 ? "" : ", ",
				 (unsigned long long)difference->range.start,
				 (unsigned long long)difference->range.end,
				 vm_diff_name(difference->kind));
	cr_assert(difference->kernel != NULL || difference->ours != NULL);
	cr_assert_eq(difference->kind == VM_DIFF_KERNEL_ONLY,
		     difference->ours == NULL && !VM_DIFF_IS_TOLERANCE(difference->kind));
}

static void compare_texts(const struct compare_case *row, struct report *report,
			  struct vm_comparison *comparison)
{
	struct addr_range range = row->range.end == 0 ? MEMORY_SET_ALL : row->range;
	struct memory_set *set = set_create();
	struct memory_area areas[16];
	struct vm_array_source kernel;
	struct vm_set_source ours;

	set_fill(set, row->ours);
	vm_array_source_init(&kernel, areas, areas_parse(row->kernel, areas, 16));
	vm_set_source_init(&ours, set, range);
	vm_compare(&kernel.source, &ours.source, range, add_difference, report, comparison);
	memory_set_destroy(set);
}

Test(compare, every_difference_has_a_name)
{
	for (size_t i = 0; i < sizeof(compare_cases) / sizeof(compare_cases[0]); i++) {
		const struct compare_case *row = &compare_cases[i];
		struct vm_comparison comparison;
		struct report report = { .len = 0 };

		compare_texts(row, &report, &comparison);
		cr_assert_str_eq(report.text, row->differences, "%s: got %s", row->name,
				 report.text);
		cr_assert_eq(comparison.n_runs, row->n_runs, "%s: %d runs", row->name,
			     (int)comparison.n_runs);
		cr_assert_eq(comparison.n_equal, row->n_equal, "%s: %d equal", row->name,
			     (int)comparison.n_equal);
	}
}

Test(compare, tolerated_differences_are_not_unexplained)
{
	struct vm_comparison comparison = { .count = { [VM_DIFF_STACK_GROWTH] = 1,
						       [VM_DIFF_VSYSCALL] = 1,
						       [VM_DIFF_UPROBES] = 1,
						       [VM_DIFF_IN_FLIGHT] = 1 } };

	cr_assert_eq(vm_comparison_unexplained(&comparison), 0);
	for (unsigned kind = VM_DIFF_KERNEL_ONLY; kind <= VM_DIFF_OFFSET; kind++)
		comparison.count[kind] = 1;
	cr_assert_eq(vm_comparison_unexplained(&comparison), 6);
}

Test(compare, every_kind_has_a_sentence)
{
	for (unsigned kind = 0; kind < VM_DIFF_COUNT; kind++) {
		cr_assert_not_null(vm_diff_name(kind));
		cr_assert_eq(vm_diff_text(kind)[strlen(vm_diff_text(kind)) - 1], '.');
	}
	cr_assert_str_eq(vm_diff_name(VM_DIFF_COUNT), "unknown");
	cr_assert_not_null(vm_diff_text(VM_DIFF_COUNT));
}

/* ------------------------------------------------------------- against a page array */

enum { PAGES = 48 };

static uint64_t rng = 88172645463325252ULL;

static uint64_t below(uint64_t limit)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (rng >> 20) % limit;
}

/* Each page on its own: object in the high bits, protection in the low ones; 0: a gap. */
static size_t random_side(uint8_t *pages, struct memory_area *areas)
{
	size_t n = 0;

	for (unsigned i = 0; i < PAGES; i++) {
		if (i == 0 || below(3) == 0)
			pages[i] = below(3) == 0 ? 0 : (uint8_t)(1 + below(6));
		else
			pages[i] = pages[i - 1];
		if (pages[i] == 0)
			continue;
		areas[n] = (struct memory_area){
			.range = { i * 0x1000u, (i + 1) * 0x1000u },
			.flags = pages[i] & 3,
			.offset = pages[i] & 4 ? i * 0x1000u : MEMORY_AREA_NO_OFFSET,
			.tag = { pages[i] >> 2 },
		};
		n++;
	}
	return n;
}

struct page_report {
	uint8_t kinds[PAGES];
};

static void mark_pages(void *context, const struct vm_difference *difference)
{
	struct page_report *report = context;

	for (uint64_t at = difference->range.start; at < difference->range.end; at += 0x1000) {
		cr_assert_eq(report->kinds[at / 0x1000], VM_DIFF_NONE, "reported twice");
		report->kinds[at / 0x1000] = (uint8_t)difference->kind;
	}
}

static enum vm_diff expected(uint8_t kernel, uint8_t ours)
{
	if (kernel == ours)
		return VM_DIFF_NONE;
	if (kernel == 0 || ours == 0)
		return kernel == 0 ? VM_DIFF_OURS_ONLY : VM_DIFF_KERNEL_ONLY;
	return kernel >> 2 != ours >> 2 ? VM_DIFF_OBJECT : VM_DIFF_PROT;
}

Test(compare, random_maps_agree_with_pages)
{
	for (unsigned round = 0; round < 2000; round++) {
		uint8_t theirs[PAGES], mine[PAGES];
		struct memory_area their_areas[PAGES], my_areas[PAGES];
		struct page_report report = { { 0 } };
		struct vm_array_source kernel, ours;
		struct vm_comparison comparison;

		vm_array_source_init(&kernel, their_areas, random_side(theirs, their_areas));
		vm_array_source_init(&ours, my_areas, random_side(mine, my_areas));
		vm_compare(&kernel.source, &ours.source, MEMORY_SET_ALL, mark_pages, &report,
			   &comparison);
		for (unsigned i = 0; i < PAGES; i++)
			cr_assert_eq(report.kinds[i], expected(theirs[i], mine[i]), "page %u: %d",
				     i, report.kinds[i]);
	}
}
