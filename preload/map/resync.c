/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mutation.h"
#include "base/text.h"
#include "map/declare.h"
#include "map/map.h"
#include "map/own_memory.h"
#include "map/peek.h"
#include "map/resync.h"
#include "shim/shim.h"
#include "stacks/rule_cache.h"
#include "vma/vm_edge.h"
#include "vma/vm_errno.h"
#include "vma/vm_reach.h"
#include "vma/vm_replace.h"

static void write_group(enum vm_reason reason, struct addr_range range, uint64_t event,
			const struct memory_area *areas, int n)
{
	if (!declare_areas(&shim.writer, areas, (uint32_t)n))
		return;
	ledger_writer_resync(&shim.writer, reason, range, event, (uint32_t)n);
	for (int i = 0; i < n; i++)
		ledger_writer_area(&shim.writer, &areas[i]);
}

/* One batch after the other, each with the part of the range it speaks for. */
static bool resync_with(struct kernel_reader *reader, struct addr_range range,
			enum vm_reason reason, uint64_t event)
{
	bool more = true;

	while (more) {
		const struct memory_area *areas;
		int n = peek_batch(reader, &range, &areas, &more);
		struct addr_range part = range;

		if (n < 0)
			return false;
		if (more)
			part.end = areas[n - 1].range.end;
		vm_space_reserve(&map.space, (size_t)n);
		write_group(reason, part, event, areas, n);
		if (vm_replace(&map.space, part, areas, (size_t)n, vm_reason_source(reason)) < 0)
			return false;
		range.start = part.end;
		more = more && range.start < range.end;
	}
	return true;
}

/* Said once each time that it begins: the reason may have gone and come again. */
static void remember_unread(int error)
{
	char buffer[160];
	struct text text;

	if (map.unread)
		return;
	map.unread = true;
	text_init(&text, buffer, sizeof(buffer));
	text_string(&text, "the kernel's map can't be opened (");
	text_string(&text, vm_errno_name(-error));
	text_string(&text, "): while that lasts nothing is asked");
	ledger_writer_note(&shim.writer, LEDGER_NOTE_DEGRADED, buffer);
}

/* It can be asked again: any of what was not may have changed. */
static void read_the_unread(void)
{
	map.unread = false;
	resync_range((struct addr_range){ 0, RESYNC_USER_END }, VM_REASON_EFFECT, 0);
}

void resync_range(struct addr_range range, enum vm_reason reason, uint64_t event)
{
	struct kernel_reader reader;
	uint64_t mask;

	if (range.end > RESYNC_USER_END)
		range.end = RESYNC_USER_END;
	if (range.start >= range.end || shim.confined)
		return;
	if (reason != VM_REASON_IDENTITY && reason != VM_REASON_OWN)
		rule_cache_forget_range(range);
	mask = shim_block_signals();
	if (kernel_reader_open(&reader, range.start)) {
		resync_with(&reader, range, reason, event);
		kernel_reader_close(&reader);
		if (map.unread)
			read_the_unread();
	} else {
		remember_unread(reader.fd);
	}
	shim_restore_signals(mask);
	shim.n_resyncs += reason != VM_REASON_IDENTITY && reason != VM_REASON_OWN;
	own_memory_update();
}

void resync_mapping(uint64_t addr, enum vm_reason reason, uint64_t event)
{
	struct addr_range range;
	uint64_t mask;

	if (shim.confined)
		return;
	mask = shim_block_signals();
	range = peek_area(addr);
	if (range.start > addr)
		range = (struct addr_range){ addr, addr + VM_PAGE_SIZE };
	resync_range(range, reason, event);
	shim_restore_signals(mask);
}

void resync_up_from(uint64_t addr, enum vm_reason reason, uint64_t event)
{
	uint64_t mask;

	if (shim.confined)
		return;
	mask = shim_block_signals();
	resync_range((struct addr_range){ addr, peek_area(addr).end }, reason, event);
	shim_restore_signals(mask);
}

void resync_edges(struct addr_range range)
{
	const struct memory_area *areas;
	struct addr_range gap, asked;

	while (!shim.confined && vm_edge_next(map.space.set, &range, &gap)) {
		uint64_t mask = shim_block_signals();

		asked = gap;
		if (peek_range(&asked, &areas) > 0)
			resync_range(gap, VM_REASON_STACK, 0);
		shim_restore_signals(mask);
	}
}

void resync_before(const struct vm_call *call)
{
	struct addr_range ranges[2];
	unsigned n = vm_ranges_to_know(call, ranges);

	for (unsigned i = 0; i < n; i++)
		resync_edges(ranges[i]);
}

static bool is_asked(const struct vm_doubt *doubt)
{
	return !(ML_MUTATED(IDENTITY_NOT_ASKED) && doubt->reason == VM_REASON_IDENTITY) &&
	       !(ML_MUTATED(FAILURE_NOT_ASKED) && doubt->reason == VM_REASON_FAILED);
}

void resync_doubts(const struct vm_doubts *doubts, uint64_t event)
{
	for (unsigned i = 0; i < doubts->n; i++)
		if (!is_asked(&doubts->doubt[i]))
			continue;
		else if (doubts->doubt[i].whole)
			resync_mapping(doubts->doubt[i].range.start, doubts->doubt[i].reason,
				       event);
		else
			resync_range(doubts->doubt[i].range, doubts->doubt[i].reason, event);
}

void resync_doubt_break(void)
{
	map.break_is_unsure = true;
}

void resync_everything(void)
{
	resync_doubt_break();
	resync_range(MEMORY_SET_ALL, VM_REASON_UNORDERED, 0);
}

/* Any range would do: whatever opens the map again reads all that was not. */
void resync_unread(void)
{
	if (map.unread)
		resync_range((struct addr_range){ 0, VM_PAGE_SIZE }, VM_REASON_EFFECT, 0);
}
