/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/personality.h>
#include <sys/mman.h>
#include "base/mutation.h"
#include "base/sys.h"
#include "map/map.h"
#include "map/own_memory.h"
#include "map/peek.h"
#include "shim/shim.h"
#include "vma/vm_apply.h"

/* Pages of code that were written at run time, each registered once. */
static struct addr_range code[OWN_MEMORY_CODE_MAX];
static unsigned n_code;

bool own_memory_reserve(struct addr_range range)
{
	uint64_t size = range.end - range.start;
	long at =
		sys_mmap(range.start, size, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

	if (at == (long)range.start)
		return true;
	if (!sys_is_error(at)) /* a kernel that takes the flag for a hint */
		sys_munmap((uint64_t)at, size);
	return false;
}

void own_memory_enter(const struct memory_area *area)
{
	if (memory_set_reserve(map.space.set, VM_APPLY_GROWTH) < 0)
		return;
	if (ledger_writer_room(&shim.writer, 2)) {
		ledger_writer_resync(&shim.writer, VM_REASON_OWN, area->range, 0, 1);
		ledger_writer_area(&shim.writer, area);
	}
	memory_set_replace(map.space.set, area->range, area, 1);
}

void own_memory_leave(struct addr_range range)
{
	if (memory_set_reserve(map.space.set, VM_APPLY_GROWTH) < 0)
		return;
	if (ledger_writer_room(&shim.writer, 1))
		ledger_writer_resync(&shim.writer, VM_REASON_OWN, range, 0, 0);
	memory_set_replace(map.space.set, range, NULL, 0);
}

void own_memory_register_code(struct addr_range range)
{
	const struct memory_area area = {
		.range = range,
		.flags = VM_READ | VM_EXEC | VM_OWN,
		.offset = MEMORY_AREA_NO_OFFSET,
	};

	if (n_code < OWN_MEMORY_CODE_MAX)
		code[n_code++] = range;
	own_memory_enter(&area);
}

/* The windows into the ledger are found in the map, because their file's identity is there. */
static void mark_window(struct addr_range range)
{
	const struct memory_area *found = memory_set_find(map.space.set, range.start);
	struct memory_area own;

	if (found == NULL)
		return;
	own = *found;
	own.offset = memory_area_offset_at(found, range.start);
	own.range = range;
	own.flags |= VM_OWN;
	memory_set_replace(map.space.set, range, &own, 1);
}

/* Plain memory; it may be younger than the text that was read. */
static void mark_memory(struct addr_range range, uint64_t prot)
{
	struct memory_area own = {
		.range = range,
		.flags = prot | VM_OWN | VM_BASELINE,
		.offset = MEMORY_AREA_NO_OFFSET,
	};

	memory_set_replace(map.space.set, range, &own, 1);
}

void own_memory_mark(void)
{
	uint64_t mark = (uintptr_t)shim.fork_mark;
	struct addr_range windows[2];
	uint64_t offsets[2];
	unsigned n = ledger_writer_ranges(&shim.writer, windows, offsets);

	vm_space_reserve(&map.space, 2 * (PAGE_ALLOCATOR_REGIONS + OWN_MEMORY_CODE_MAX + 3));
	for (unsigned i = 0; i < n; i++)
		mark_window(windows[i]);
	mark_memory((struct addr_range){ mark, mark + VM_PAGE_SIZE }, VM_READ | VM_WRITE);
	for (unsigned i = 0; i < map.pages.n_regions; i++)
		mark_memory(map.pages.regions[i], VM_READ | VM_WRITE);
	map.n_regions_known = map.pages.n_regions;
	for (unsigned i = 0; i < n_code; i++)
		mark_memory(code[i], VM_READ | VM_EXEC);
}

/* What this thread's personality adds to what it maps. */
static uint64_t implied_flags(void)
{
	if (!map.space.exec_is_unsure && !(map.space.personality & READ_IMPLIES_EXEC))
		return 0;
	if (shim.confined)
		return map.space.personality & READ_IMPLIES_EXEC ? VM_EXEC : 0;
	return sys_call6(SYS_personality, 0xffffffff, 0, 0, 0, 0, 0) & READ_IMPLIES_EXEC ? VM_EXEC
											 : 0;
}

/* Regions of the allocator: plain anonymous memory. */
static void enter_regions(void)
{
	while (map.n_regions_known < map.pages.n_regions) {
		struct memory_area area = {
			.range = map.pages.regions[map.n_regions_known++],
			.flags =
				VM_READ | VM_WRITE | VM_OWN | map.space.new_flags | implied_flags(),
			.offset = MEMORY_AREA_NO_OFFSET,
		};

		own_memory_enter(&area);
	}
}

/*
 * Moving a window maps it anew, so it may have become executable: whether it has depends on
 * the file system, too.
 */
static void learn_implied_exec(struct memory_area *window)
{
	struct addr_range range = window->range;
	const struct memory_area *found;
	uint64_t mask;

	if (shim.confined || implied_flags() == 0)
		return;
	mask = shim_block_signals();
	if (peek_range(&range, &found) > 0 && found->range.start == window->range.start)
		window->flags |= found->flags & VM_EXEC;
	shim_restore_signals(mask);
}

/* The window shows another part of the same file now. */
static void enter_window(void)
{
	struct addr_range ranges[2];
	uint64_t offsets[2];
	unsigned n = ledger_writer_ranges(&shim.writer, ranges, offsets);

	for (unsigned i = 0; i < n; i++) {
		const struct memory_area *old = memory_set_find(map.space.set, ranges[i].start);
		struct memory_area area;

		if (old == NULL || old->offset == offsets[i])
			continue;
		area = *old;
		area.range = ranges[i];
		area.offset = offsets[i];
		learn_implied_exec(&area);
		own_memory_enter(&area);
	}
}

void own_memory_update(void)
{
	for (unsigned i = 0; i < 4 && !ML_MUTATED(OWN_MEMORY_FORGOTTEN); i++) {
		if (map.n_regions_known < map.pages.n_regions)
			enter_regions();
		if (!ledger_writer_moved(&shim.writer))
			return;
		enter_window();
	}
}
