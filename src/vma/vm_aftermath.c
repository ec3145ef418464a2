/* SPDX-License-Identifier: Apache-2.0 */

/*
 * vm_aftermath - what mremap has done to attributes that no map shows
 *
 * Only the kernel knows how far a move of many areas came that failed, and where the ends of
 * its own area are, which MREMAP_DONTUNMAP unlocks as a whole. Both can be read from the answers to
 * the call's doubts: what is gone from the old place has been moved, and an area that is answered
 * in full has its own ends.
 */

#include "vma/vm_aftermath.h"
#include "vma/vm_change.h"
#include "vma/vm_pieces.h"

void vm_aftermath_gap(struct vm_space *space, struct addr_range gap)
{
	const struct vm_aftermath *aftermath = &space->aftermath;

	if (!vm_ranges_meet(aftermath->moved, gap))
		return;
	if (gap.start < aftermath->moved.start)
		gap.start = aftermath->moved.start;
	if (gap.end > aftermath->moved.end)
		gap.end = aftermath->moved.end;
	/* Without memory for it, what has arrived is taken as new. */
	if (vm_pieces_reserve(space->set, gap))
		vm_pieces_move(space->set, gap, gap.start + aftermath->distance, aftermath->event);
}

void vm_aftermath_answered(struct vm_space *space, struct addr_range range)
{
	struct vm_aftermath *aftermath = &space->aftermath;

	if (range.start < aftermath->moved.end && range.end >= aftermath->moved.end)
		aftermath->moved = (struct addr_range){ 0 };
}

static bool unlock(struct memory_area *piece, void *context)
{
	if (!(piece->flags & VM_LOCKED))
		return false;
	piece->flags &= ~VM_LOCKED;
	piece->tag[VM_TAG_CHANGED] = *(const uint64_t *)context;
	return true;
}

void vm_aftermath_area(struct vm_space *space, struct addr_range area)
{
	struct vm_aftermath *aftermath = &space->aftermath;

	if (vm_ranges_meet(aftermath->unlocked, area))
		memory_set_update(space->set, area, unlock, &aftermath->event);
}
