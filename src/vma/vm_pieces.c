/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Moving all that a range of the set holds to another place, as mremap does
 */

#include "vma/vm_pieces.h"
#include "vma/vm_space.h"

/* A range may hold any number of areas; each one moved may make two of one. */
bool vm_pieces_reserve(struct memory_set *set, struct addr_range range)
{
	struct memory_set_iter iter = memory_set_iter_from_start(set, range);
	size_t n = 0;

	while (memory_set_iter_next(&iter) != NULL)
		n++;
	return memory_set_reserve(set, 2 * n + VM_APPLY_GROWTH) == 0;
}

/* The part of the next area from @at on that lies in @range; false when there is none. */
static bool next_piece(const struct memory_set *set, uint64_t at, struct addr_range range,
		       struct memory_area *piece)
{
	const struct memory_area *area = memory_set_find_from(set, at);

	if (at >= range.end || area == NULL || area->range.start >= range.end)
		return false;
	*piece = *area;
	memory_area_clip(piece, (struct addr_range){ at, range.end });
	return true;
}

/* The heap is where brk made it: moved pages are no part of it any more. */
int vm_pieces_move(struct memory_set *set, struct addr_range from, uint64_t to, uint64_t event)
{
	uint64_t distance = to - from.start;
	struct memory_area piece;
	int error = 0;

	while (error == 0 && next_piece(set, from.start, from, &piece)) {
		from.start = piece.range.end;
		piece.range.start += distance;
		piece.range.end += distance;
		piece.flags &= ~VM_HEAP;
		piece.tag[VM_TAG_CHANGED] = event;
		error = memory_set_replace(set, piece.range, &piece, 1);
	}
	return error;
}
