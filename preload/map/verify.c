/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include "base/clock.h"
#include "map/declare.h"
#include "map/kernel_reader.h"
#include "map/map.h"
#include "map/own_memory.h"
#include "map/resync.h"
#include "map/verify.h"
#include "shim/shim.h"

#define SPARE	 64 /* areas that may appear between counting and reading */
#define READINGS 3

struct kernel_areas {
	struct memory_area *areas;
	size_t n;
	size_t capacity;
};

/* Return: 0, -ENOSPC when @found is too small, or another error. */
static int read_kernel_areas(struct kernel_areas *found)
{
	struct kernel_reader reader;
	struct kernel_area area;
	int error = 0;

	if (!kernel_reader_open_text(&reader))
		return reader.fd;
	found->n = 0;
	while (error == 0 && kernel_reader_next(&reader, &area)) {
		if (found->n == found->capacity)
			error = -ENOSPC;
		else
			error = kernel_area_to_memory_area(&area, &map.space.objects,
							   &found->areas[found->n++]);
	}
	kernel_reader_close(&reader);
	return error != 0 ? error : reader.text.error;
}

/* Memory first, then read: getting memory changes what is read. */
static int get_kernel_areas(struct kernel_areas *found)
{
	struct ml_allocator *pages = &map.pages.allocator;
	size_t wanted = memory_set_count(map.space.set) + SPARE;
	int error = -ENOSPC;

	for (unsigned i = 0; i < 4 && error == -ENOSPC; i++, wanted *= 2) {
		pages->free(pages->context, found->areas, found->capacity * sizeof(*found->areas));
		found->capacity = wanted;
		found->areas = pages->alloc(pages->context, wanted * sizeof(*found->areas));
		if (found->areas == NULL)
			return -ENOMEM;
		vm_space_reserve(&map.space, VM_APPLY_GROWTH);
		own_memory_update();
		error = read_kernel_areas(found);
	}
	return error;
}

static void compare(const struct kernel_areas *kernel, vm_difference_fn report, void *context,
		    struct vm_comparison *comparison)
{
	struct vm_array_source theirs;
	struct vm_set_source ours;

	vm_array_source_init(&theirs, kernel->areas, kernel->n);
	vm_set_source_init(&ours, map.space.set, MEMORY_SET_ALL);
	vm_compare(&theirs.source, &ours.source, MEMORY_SET_ALL, report, context, comparison);
}

void verify_write_verdict(const struct ledger_verify *head, const struct vm_comparison *comparison,
			  const struct memory_area *areas, size_t n)
{
	struct ledger_verify *verify;
	uint64_t n_tolerated = 0;

	for (unsigned i = 0; i < VM_DIFF_COUNT; i++)
		if (VM_DIFF_IS_TOLERANCE(i))
			n_tolerated += comparison->count[i];
	if (!declare_areas(&shim.writer, areas, (uint32_t)n))
		return;
	verify = ledger_writer_begin(&shim.writer, LEDGER_VERIFY);
	if (verify == NULL)
		return;
	verify->at_exit = head->at_exit;
	verify->event = head->event;
	verify->start = head->start;
	verify->end = head->end;
	verify->n_areas = (uint32_t)n;
	verify->ticks = clock_ticks();
	verify->n_runs = comparison->n_runs;
	verify->n_unexplained = vm_comparison_unexplained(comparison);
	verify->n_tolerated = n_tolerated;
	ledger_writer_done(&shim.writer, verify);
	for (size_t i = 0; i < n; i++)
		ledger_writer_area(&shim.writer, &areas[i]);
}

int64_t verify_map(bool at_exit, vm_difference_fn report, void *context)
{
	struct kernel_areas kernel = { 0 };
	struct vm_comparison comparison = { 0 };
	struct ml_allocator *pages = &map.pages.allocator;
	int error = 0;

	resync_edges(VM_ALL_PAGES);
	/* One reading of the text is not atomic: only what stays is a difference. */
	for (unsigned i = 0; i < READINGS && error == 0; i++) {
		comparison = (struct vm_comparison){ 0 };
		error = get_kernel_areas(&kernel);
		if (error == 0)
			compare(&kernel, NULL, NULL, &comparison);
		if (vm_comparison_unexplained(&comparison) == 0)
			break;
	}
	if (error == 0) {
		if (report != NULL) {
			comparison = (struct vm_comparison){ 0 };
			compare(&kernel, report, context, &comparison);
		}
		verify_write_verdict(&(struct ledger_verify){ .at_exit = at_exit }, &comparison,
				     kernel.areas, kernel.n);
		/* What nobody saw being made is in the map from here on, and says so. */
		if (vm_comparison_unexplained(&comparison) > 0) {
			resync_doubt_break();
			resync_range(MEMORY_SET_ALL, VM_REASON_UNOBSERVED, 0);
		}
	}
	pages->free(pages->context, kernel.areas, kernel.capacity * sizeof(*kernel.areas));
	return error < 0 ? error : (int64_t)vm_comparison_unexplained(&comparison);
}
