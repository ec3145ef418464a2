/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What mremap does to the map: the same pages are at another place, or there are more or fewer
 * of them
 *
 * Forms, by what stays of the old range and of what was at the new one:
 *
 *   result == old        shrink: the tail goes, whatever is in it
 *                        grow: the last area gets longer
 *   result != old        move: the pieces of the old range come to the new place
 *   + old_len == 0       a second mapping of a shared area
 *   + MREMAP_DONTUNMAP   the old range stays mapped, empty
 *   + MREMAP_FIXED       the new range is replaced: all of it, or, when only moving
 *                        (old_len == new_len), since Linux 6.17 just the parts where
 *                        pieces land
 */

#include "base/mutation.h"
#include "vma/vm_abi.h"
#include "vma/vm_apply_mremap.h"
#include "vma/vm_change.h"
#include "vma/vm_edge.h"
#include "vma/vm_pieces.h"
#include "vma/vm_size.h"

/* One mremap, with sizes rounded as the kernel does. */
struct remap {
	struct addr_range from; /* empty: a second mapping is made */
	struct addr_range to;	/* start not known before the call */
	uint64_t new_size;
	uint64_t flags;
	bool huge;
};

static uint64_t round_up(uint64_t size, uint64_t page_size)
{
	return (size + page_size - 1) & ~(page_size - 1);
}

static uint64_t page_size_at(const struct memory_set *set, uint64_t addr)
{
	const struct memory_area *area = memory_set_find(set, addr);
	uint64_t shift = area == NULL ? 0 : (area->flags & VM_HUGE_MASK) >> VM_HUGE_SHIFT;

	return shift == 0 || shift > 63 ? VM_PAGE_SIZE : 1ULL << shift;
}

static uint64_t size_of(struct addr_range range)
{
	return range.end - range.start;
}

/* Only moving: then there may be many areas, and the last one, too, comes in whole huge pages. */
static void round_last(const struct memory_set *set, struct remap *remap)
{
	struct addr_range *from = &remap->from;

	if (!(remap->flags & MREMAP_FIXED) || size_of(*from) != remap->new_size)
		return;
	from->end = round_up(from->end, page_size_at(set, from->end - 1));
	remap->new_size = size_of(*from);
}

static struct remap read_remap(const struct vm_change *change)
{
	const uint64_t *args = change->call->args;
	uint64_t page_size = page_size_at(change->space->set, args[0]);
	struct remap remap = {
		.from = { args[0], args[0] + round_up(args[1], page_size) },
		.new_size = round_up(args[2], page_size),
		.flags = args[3],
		.huge = page_size != VM_PAGE_SIZE,
	};

	round_last(change->space->set, &remap);
	return remap;
}

/* Could the kernel have said yes to this? A damaged record can say anything. */
static bool makes_sense(const struct remap *remap)
{
	uint64_t low_bits = remap->from.start | remap->to.start;

	return (low_bits & (VM_PAGE_SIZE - 1)) == 0 && remap->from.start <= remap->from.end &&
	       remap->to.start < remap->to.end &&
	       (remap->to.start == remap->from.start || !vm_ranges_meet(remap->from, remap->to));
}

/* ------------------------------------------------------------- changing the set */

/*
 * Private /dev/zero is anonymous memory that shows a file. When such a mapping is
 * moved before its first page fault, the kernel sets its offset to its new address.
 */
static bool offsets_stay(const struct memory_set *set, struct addr_range range)
{
	struct memory_set_iter iter = memory_set_iter_from_start(set, range);
	const struct memory_area *area;

	while ((area = memory_set_iter_next(&iter)) != NULL)
		if ((area->flags & (VM_FILE | VM_SHARED)) == VM_FILE)
			return false;
	return true;
}

/* @range continues the area that ends where it starts. */
static void extend(struct vm_change *change, struct addr_range range)
{
	const struct memory_area *last = memory_set_find(change->space->set, range.start - 1);
	struct memory_area more;

	if (last == NULL)
		return;
	more = *last;
	more.offset = memory_area_offset_at(last, range.start);
	more.range = range;
	more.flags &= ~VM_OF_PAGES;
	more.tag[VM_TAG_CHANGED] = change->call->event;
	vm_change_put(change, &more);
}

static void resize_in_place(struct vm_change *change, const struct remap *remap)
{
	struct addr_range tail = { remap->to.end, remap->from.end };

	if (ML_MUTATED(SHRINK_STOPS_AT_GAP) && !vm_is_mapped(change->space->set, tail))
		return;
	if (remap->to.end < remap->from.end)
		vm_change_remove(change, tail);
	else if (ML_MUTATED(GROWTH_IGNORED))
		return;
	else if (remap->to.end > remap->from.end)
		extend(change, (struct addr_range){ remap->from.end, remap->to.end });
}

/* Only shared areas can be had twice. The copy is a mapping of its own. */
static void duplicate(struct vm_change *change, const struct remap *remap)
{
	const struct memory_area *area = memory_set_find(change->space->set, remap->from.start);
	struct memory_area copy;

	if (ML_MUTATED(DUPLICATE_IGNORED))
		return;
	if (area == NULL) {
		vm_change_unapplied(change);
		return;
	}
	copy = *area;
	copy.offset = memory_area_offset_at(area, remap->from.start);
	copy.range = remap->to;
	copy.flags &= ~VM_OF_PAGES;
	copy.origin = change->call->event;
	copy.tag[VM_TAG_CHANGED] = 0;
	vm_change_put(change, &copy);
}

static void move(struct vm_change *change, const struct remap *remap)
{
	struct addr_range taken = remap->from;
	uint64_t landed;

	if (size_of(taken) > remap->new_size)
		taken.end = taken.start + remap->new_size;
	if (size_of(remap->from) != remap->new_size || !(remap->flags & MREMAP_FIXED))
		vm_change_remove(change, remap->to);
	if (vm_pieces_move(change->space->set, taken, remap->to.start, change->call->event) < 0)
		vm_change_unapplied(change);
	landed = remap->to.start + size_of(taken);
	if (landed < remap->to.end)
		extend(change, (struct addr_range){ landed, remap->to.end });
	if ((remap->flags & MREMAP_DONTUNMAP) && !ML_MUTATED(DONTUNMAP_UNMAPS))
		vm_change_mark(change, remap->from, 0, VM_OF_PAGES | VM_LOCKED);
	else
		vm_change_remove(change, remap->from);
}

/* ----------------------------------------------------------------------- doubts */

static void doubt_both(struct vm_change *change, const struct remap *remap, enum vm_reason reason)
{
	struct addr_range from = remap->from;

	/* Growing in place goes on from here. */
	if (size_of(from) < remap->new_size)
		from.end = from.start + remap->new_size;
	change->doubts->n = 0;
	vm_change_doubt(change, from, reason);
	if (remap->to.start != remap->from.start)
		vm_change_doubt(change, remap->to, reason);
}

static bool is_locked(const struct memory_set *set, uint64_t addr)
{
	const struct memory_area *area = memory_set_find(set, addr);

	return area != NULL && (area->flags & VM_LOCKED);
}

/* Is @beyond locked, and so like what is next to it that the kernel has one area of the two? */
static bool lock_goes_on(const struct memory_set *set, uint64_t addr, uint64_t beyond)
{
	const struct memory_area *inside = memory_set_find(set, addr);
	const struct memory_area *outside = memory_set_find(set, beyond);

	return inside != NULL && is_locked(set, beyond) &&
	       inside->tag[VM_TAG_OBJECT] == outside->tag[VM_TAG_OBJECT] &&
	       ((inside->flags ^ outside->flags) & (VM_VISIBLE | VM_FILE)) == 0;
}

/*
 * MREMAP_DONTUNMAP takes the lock from the kernel's own area, which may go on beyond the old
 * range; into the new one, even. mm/mremap.c: dontunmap_complete()
 */
static void doubt_locks(struct vm_change *change, struct addr_range from, bool first, bool last)
{
	const struct memory_set *set = change->space->set;
	uint64_t last_page = from.end - VM_PAGE_SIZE;

	first = first && lock_goes_on(set, from.start, from.start - 1);
	last = last && lock_goes_on(set, last_page, from.end);
	if ((!first && !last) || ML_MUTATED(UNLOCK_ENDS_WITH_RANGE))
		return;
	change->space->aftermath.unlocked = from;
	change->space->aftermath.event = change->call->event;
	if (first)
		vm_change_doubt_mapping(change, from.start, VM_REASON_EFFECT);
	if (last && (!first || last_page != from.start))
		vm_change_doubt_mapping(change, last_page, VM_REASON_EFFECT);
}

/* It may have stopped half-way: areas are moved one by one, without a way back. */
static void expect_moved(struct vm_change *change, const struct remap *remap,
			 struct addr_range from)
{
	struct addr_range to = { change->call->args[4], change->call->args[4] + size_of(from) };

	if (ML_MUTATED(HALF_A_MOVE_IGNORED) || size_of(from) != remap->new_size ||
	    to.end < to.start || (to.start & (VM_PAGE_SIZE - 1)) != 0 || vm_ranges_meet(from, to))
		return;
	change->space->aftermath.moved = from;
	change->space->aftermath.distance = to.start - from.start;
	change->space->aftermath.event = change->call->event;
}

/*
 * EINVAL without MREMAP_FIXED is about the arguments. With it the new range may
 * be gone already (one page of the vdso; an old_len beyond the end of user space),
 * and a move of many areas may have stopped half-way.
 */
static void doubt_failure(struct vm_change *change, const struct remap *remap)
{
	bool fixed = remap->flags & MREMAP_FIXED;
	struct addr_range from = vm_pages(remap->from.start, size_of(remap->from));

	if (!fixed && change->call->result == -EINVAL)
		return;
	vm_change_doubt(change, from, VM_REASON_FAILED);
	if (!fixed)
		return;
	expect_moved(change, remap, from);
	vm_change_doubt(change, vm_pages(change->call->args[4], remap->new_size), VM_REASON_FAILED);
}

/*
 * A pure move (MREMAP_FIXED) is the kernel's to explain, piece by piece, and
 * so are huge pages, whose size may not be what we think.
 */
static void apply(struct vm_change *change, const struct remap *remap)
{
	const struct memory_set *set = change->space->set;
	bool in_place = remap->to.start == remap->from.start;
	bool same_size = size_of(remap->from) == remap->new_size;
	bool gaps_allowed =
		in_place ? remap->to.end <= remap->from.end : remap->flags & MREMAP_FIXED;
	/* Without MREMAP_FIXED the kernel moves, and makes larger, single areas only. */
	bool sure = (gaps_allowed || vm_is_mapped(set, remap->from)) &&
		    (in_place || offsets_stay(set, remap->from));
	bool first_locked = is_locked(set, remap->from.start);
	bool last_locked = is_locked(set, remap->from.end - 1);

	if (in_place && same_size)
		return;
	if (vm_range_is_empty(remap->from))
		duplicate(change, remap);
	else if (in_place)
		resize_in_place(change, remap);
	else
		move(change, remap);
	if (!sure || remap->huge || (remap->flags & MREMAP_FIXED))
		doubt_both(change, remap, VM_REASON_EFFECT);
	if (remap->flags & MREMAP_DONTUNMAP)
		doubt_locks(change, remap->from, first_locked, last_locked);
}

int64_t vm_change_mremap(struct vm_change *change)
{
	struct remap remap = read_remap(change);
	bool reserved = vm_pieces_reserve(change->space->set, remap.from);
	int64_t answer = vm_change_perform(change);

	if (answer == -EOWNERDEAD)
		return answer;
	if (vm_call_failed(change->call)) {
		doubt_failure(change, &remap);
		return answer;
	}
	remap.to.start = (uint64_t)answer;
	remap.to.end = remap.to.start + remap.new_size;
	if (reserved && makes_sense(&remap))
		apply(change, &remap);
	else
		vm_change_unapplied(change);
	return answer;
}
