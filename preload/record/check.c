/* SPDX-License-Identifier: Apache-2.0 */

#include "map/kernel_reader.h"
#include "map/map.h"
#include "map/own_memory.h"
#include "map/peek.h"
#include "map/resync.h"
#include "map/verify.h"
#include "record/check.h"
#include "record/session.h"
#include "shim/shim.h"
#include "vma/vm_compare.h"
#include "vma/vm_reach.h"

#define LOOKS 3 /* before giving up on a map that does not hold still */

enum look {
	LOOK_EQUAL,
	LOOK_DIFFERENT,
	LOOK_BUSY,  /* calls were under way without the lock */
	LOOK_BLIND, /* the kernel's map can't be opened */
};

/* -------------------------------------------------------------- what to look at */

static struct addr_range with_neighbours(struct addr_range range)
{
	const struct memory_set *set = map.space.set;
	const struct memory_area *below, *above = memory_set_find_from(set, range.end);
	struct memory_set_iter iter =
		memory_set_iter_from_end(set, (struct addr_range){ 0, range.start });

	below = range.start > 0 ? memory_set_iter_prev(&iter) : NULL;
	if (below != NULL)
		range.start = below->range.start;
	if (above != NULL && above->range.end <= RESYNC_USER_END)
		range.end = above->range.end;
	return range;
}

static bool is_anywhere(struct addr_range range)
{
	return range.start == 0 && range.end > RESYNC_USER_END;
}

/* A call whose arguments don't tell what it touched has left a doubt, or its result tells. */
static unsigned ranges_to_check(const struct vm_call *call, const struct vm_doubts *doubts,
				struct addr_range ranges[2])
{
	unsigned n = vm_call_ranges(&map.space, call, true, ranges);
	const struct memory_area *attached;

	if (n == 0 || !is_anywhere(ranges[0]))
		return n;
	attached = call->op == VM_OP_SHMAT ? memory_set_find(map.space.set, (uint64_t)call->result)
					   : NULL;
	if (attached != NULL) {
		ranges[0] = attached->range;
		return 1;
	}
	for (n = 0; n < doubts->n; n++)
		ranges[n] = doubts->doubt[n].range;
	return n;
}

/* --------------------------------------------------------------------- looking */

/* A side of the comparison: areas as they are read. */
struct kernel_source {
	struct vm_source source;
	struct kernel_reader reader;
	uint64_t end;
	bool failed;
};

static bool next_area(struct vm_source *source, struct memory_area *area)
{
	struct kernel_source *self = (struct kernel_source *)source;
	struct kernel_area found;

	if (!kernel_reader_next(&self->reader, &found) || found.range.start >= self->end)
		return false;
	self->failed = kernel_area_to_memory_area(&found, &map.space.objects, area) < 0;
	return !self->failed;
}

/* From the first unexplained difference to the last. */
static void widen(void *context, const struct vm_difference *difference)
{
	struct addr_range *differing = context;

	if (VM_DIFF_IS_TOLERANCE(difference->kind))
		return;
	if (differing->end == 0)
		differing->start = difference->range.start;
	differing->end = difference->range.end;
}

static enum look look_once(struct addr_range range, struct addr_range *differing)
{
	struct kernel_source kernel = { .source.next = next_area, .end = range.end };
	struct vm_set_source ours;
	struct vm_comparison comparison;

	*differing = (struct addr_range){ 0, 0 };
	if (!kernel_reader_open(&kernel.reader, range.start))
		return LOOK_BLIND;
	vm_set_source_init(&ours, map.space.set, range);
	vm_compare(&kernel.source, &ours.source, range, widen, differing, &comparison);
	kernel_reader_close(&kernel.reader);
	if (kernel.failed)
		return LOOK_BLIND;
	return vm_comparison_unexplained(&comparison) == 0 ? LOOK_EQUAL : LOOK_DIFFERENT;
}

/* Only what is seen twice while nobody goes round the lock is a difference. */
static enum look look(struct addr_range range, struct addr_range *differing)
{
	enum look last = LOOK_EQUAL;

	for (unsigned i = 0; i < LOOKS; i++) {
		enum look now = look_once(range, differing);

		if (now != LOOK_DIFFERENT)
			return now;
		if (last == LOOK_DIFFERENT)
			return now;
		last = session_settle() ? LOOK_BUSY : LOOK_DIFFERENT;
		own_memory_update(); /* objects met while looking may have taken memory */
	}
	return last;
}

/* -------------------------------------------------------------------- recording */

/* What the kernel has in @range; the comparison is repeated with what is written. */
static void write_difference(struct addr_range range, uint64_t event)
{
	const struct memory_area *areas;
	int n = peek_range(&range, &areas);
	struct vm_array_source kernel;
	struct vm_set_source ours;
	struct vm_comparison comparison;
	struct ledger_verify verdict = { .event = event };

	if (n < 0)
		return;
	vm_array_source_init(&kernel, areas, (size_t)n);
	vm_set_source_init(&ours, map.space.set, range);
	vm_compare(&kernel.source, &ours.source, range, NULL, NULL, &comparison);
	verdict.start = range.start;
	verdict.end = range.end;
	verify_write_verdict(&verdict, &comparison, areas, (size_t)n);
}

static enum look check_range(struct addr_range range, uint64_t event)
{
	struct addr_range differing;
	enum look found = look(with_neighbours(range), &differing);

	if (found == LOOK_DIFFERENT) {
		write_difference(differing, event);
		resync_doubt_break();
		resync_range(differing, VM_REASON_UNOBSERVED, 0);
	}
	return found;
}

/* The rarer outcome counts. */
static void count(enum look found)
{
	struct ledger_header *header = shim.writer.header;

	if (header == NULL)
		return;
	header->n_checks += found == LOOK_EQUAL || found == LOOK_DIFFERENT;
	header->n_checks_busy += found == LOOK_BUSY;
	header->n_checks_blind += found == LOOK_BLIND;
}

void check_call(const struct vm_call *call, const struct vm_doubts *doubts)
{
	struct addr_range ranges[2];
	unsigned n = ranges_to_check(call, doubts, ranges);
	enum look worst = LOOK_EQUAL;
	uint64_t mask;

	if (n == 0)
		return;
	if (shim.confined) {
		count(LOOK_BLIND);
		return;
	}
	mask = shim_block_signals();
	session_settle();
	own_memory_update();
	for (unsigned i = 0; i < n; i++) {
		enum look found = check_range(ranges[i], call->event);

		worst = found > worst ? found : worst;
	}
	shim_restore_signals(mask);
	count(worst);
}
