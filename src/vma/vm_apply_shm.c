/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What shmat and shmdt do to the map: System V segments, whose size no argument tells
 */

#include "base/mutation.h"
#include "vma/vm_abi.h"
#include "vma/vm_apply_shm.h"
#include "vma/vm_change.h"
#include "vma/vm_size.h"

/*
 * One page stands for the segment until it is read back: it holds the place for
 * the call's number.
 */
int64_t vm_change_shmat(struct vm_change *change)
{
	const struct vm_call *call = change->call;
	uint64_t shm_flags = call->args[2];
	int64_t answer = vm_change_perform(change);
	struct memory_area area = {
		.flags = VM_READ | VM_SHARED | VM_FILE | VM_SHM | change->space->new_flags,
		.range = vm_pages((uint64_t)answer, 1),
		.origin = call->event,
	};

	if (!vm_change_succeeded(change, answer))
		return answer;
	if (!(shm_flags & VM_SHM_RDONLY))
		area.flags |= VM_WRITE;
	if (shm_flags & VM_SHM_EXEC)
		area.flags |= VM_EXEC;
	vm_change_put(change, &area);
	vm_change_doubt_mapping(change, area.range.start, VM_REASON_IDENTITY);
	return answer;
}

/*
 * Where a segment was attached. The kernel tells attachments of one segment apart
 * by their struct file, which nothing shows; mremap may have made it appear twice.
 */
struct attachment {
	uint64_t addr;
	uint64_t size; /* of the segment; UINT64_MAX when not known */
	uint64_t object;
};

/* Pieces of the segment are known by standing where they stood when it was attached at @addr. */
static bool is_piece_at(const struct memory_area *area, uint64_t addr)
{
	return (area->flags & VM_SHM) && area->range.start >= addr &&
	       area->offset == area->range.start - addr;
}

static const struct memory_area *find_piece(const struct memory_set *set, uint64_t addr)
{
	struct memory_set_iter iter =
		memory_set_iter_from_start(set, (struct addr_range){ addr, UINT64_MAX });
	const struct memory_area *area;

	while ((area = memory_set_iter_next(&iter)) != NULL)
		if (is_piece_at(area, addr))
			return area;
	return NULL;
}

static uint64_t segment_size(const struct vm_space *space, uint64_t object)
{
	const struct vm_object *segment = vm_objects_get(&space->objects, (uint32_t)object);

	return segment == NULL || segment->size == 0 ? UINT64_MAX : vm_page_up(segment->size);
}

static bool belongs(const struct attachment *at, const struct memory_area *area)
{
	return is_piece_at(area, at->addr) && area->tag[VM_TAG_OBJECT] == at->object &&
	       area->range.end - at->addr <= at->size;
}

/* What is sealed stays, and nobody is told. */
static void remove_piece(struct vm_change *change, const struct memory_area *area)
{
	if (!(area->flags & VM_SEALED))
		vm_change_remove(change, area->range);
}

/*
 * Removes the pieces from @from on. Returns the end of the last one that is in its
 * place: one that mremap made larger than the segment ends behind it, and stays, unless it
 * is one with the first for the kernel.
 */
static uint64_t remove_pieces(struct vm_change *change, const struct attachment *at, uint64_t from)
{
	const struct memory_area *area;
	uint64_t end = from;

	while ((area = memory_set_find_from(change->space->set, from)) != NULL &&
	       (area->range.start - at->addr < at->size || area->range.start == end)) {
		struct addr_range range = area->range;

		if (is_piece_at(area, at->addr) && area->tag[VM_TAG_OBJECT] == at->object)
			end = range.end;
		if (belongs(at, area))
			remove_piece(change, area);
		from = range.end;
	}
	return end;
}

/*
 * As ipc/shm.c has it: the first area from @addr on that is where it would be in
 * a segment attached at @addr tells the segment; it goes, and so do all others
 * of it that are in their places and inside the segment's size. Anything else
 * in between stays, and so does what is sealed. @addr itself need not be mapped.
 */
int64_t vm_change_shmdt(struct vm_change *change)
{
	struct attachment at = { .addr = change->call->args[0] };
	int64_t answer = vm_change_perform(change);
	const struct memory_area *first;
	struct addr_range gone;

	if (!vm_change_succeeded(change, answer))
		return answer;
	first = find_piece(change->space->set, at.addr);
	if (first == NULL) {
		vm_change_unapplied(change);
		return answer;
	}
	at.object = first->tag[VM_TAG_OBJECT];
	at.size = segment_size(change->space, at.object);
	gone = first->range;
	remove_piece(change, first);
	if (ML_MUTATED(SHMDT_TAKES_ONE))
		return answer;
	gone = (struct addr_range){ at.addr, remove_pieces(change, &at, gone.end) };
	/* Two attachments of one segment, or a piece made larger by mremap, can look alike. */
	vm_change_doubt(change, gone, VM_REASON_EFFECT);
	return answer;
}
