/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Calls about the process as a whole, in whose course the kernel maps or unmaps,
 * or decides anew what later calls mean
 */

#include "base/mutation.h"
#include "vma/vm_abi.h"
#include "vma/vm_apply_process.h"
#include "vma/vm_change.h"
#include "vma/vm_size.h"

/* ------------------------------------------------------------------------ aio */

/*
 * One page stands for the ring until it is read back. Where it is the kernel
 * wrote into the program's memory: vm_call_learn() has put it into args[2].
 */
int64_t vm_change_io_setup(struct vm_change *change)
{
	const struct vm_call *call = change->call;
	int64_t answer = vm_change_perform(change);
	struct memory_area ring = {
		.flags = VM_READ | VM_WRITE | VM_SHARED | VM_FILE | VM_AIO,
		.range = vm_pages(call->args[2], 1),
		.origin = call->event,
	};

	if (!vm_change_succeeded(change, answer) || ML_MUTATED(RING_IGNORED))
		return answer;
	vm_change_put(change, &ring);
	vm_change_doubt_mapping(change, ring.range.start, VM_REASON_IDENTITY);
	return answer;
}

/* Is there anything in @range that is sealed, or may refuse to be split? */
static bool may_stay(const struct vm_space *space, struct addr_range range)
{
	struct memory_set_iter iter = memory_set_iter_from_start(space->set, range);
	const struct memory_area *area;

	while ((area = memory_set_iter_next(&iter)) != NULL)
		if ((area->flags & VM_SEALED) ||
		    (vm_area_is_special(space, area) && !(area->flags & VM_AIO)))
			return true;
	return false;
}

/*
 * fs/aio.c: kill_ioctx() unmaps as many bytes as the ring had, where it is now,
 * and whatever else is mapped there goes with it; or, when something there can't be
 * unmapped, nothing goes, and the call succeeds all the same. Which ring it is the
 * memory there says, by a number: what we know there may be a page of a smaller one.
 */
int64_t vm_change_io_destroy(struct vm_change *change)
{
	uint64_t start = change->call->args[0];
	uint64_t size = vm_ring_size(change->space, start);
	struct addr_range gone = vm_pages(start, size);
	int64_t answer = vm_change_perform(change);

	if (!vm_change_succeeded(change, answer))
		return answer;
	if (!may_stay(change->space, gone))
		vm_change_remove(change, gone);
	gone = vm_pages(start, vm_largest_ring(&change->space->objects));
	vm_change_doubt(change, size == 0 ? VM_ALL_PAGES : gone, VM_REASON_EFFECT);
	return answer;
}

/* ----------------------------------------------------- prctl and personality */

/* The break and the labels [heap] and [stack] move, and no area does. */
static void move_limits(struct vm_space *space, uint64_t which, uint64_t to)
{
	if (which == PR_SET_MM_START_BRK)
		space->start_brk = to;
	else if (which == PR_SET_MM_BRK)
		space->brk = to;
	else if (which == PR_SET_MM_START_STACK)
		space->start_stack = to;
}

int64_t vm_change_prctl(struct vm_change *change)
{
	const uint64_t *args = change->call->args;
	int64_t answer = vm_change_perform(change);

	if (vm_change_succeeded(change, answer) && args[0] == PR_SET_MM)
		move_limits(change->space, args[1], args[2]);
	return answer;
}

/* A thread's own, so others may still do otherwise. */
int64_t vm_change_personality(struct vm_change *change)
{
	struct vm_space *space = change->space;
	uint32_t persona = (uint32_t)change->call->args[0];
	int64_t answer = vm_change_perform(change);

	if (!vm_change_succeeded(change, answer) || persona == VM_PERSONALITY_QUERY)
		return answer;
	space->exec_is_unsure |= ((space->personality | persona) & READ_IMPLIES_EXEC) != 0;
	space->personality = persona;
	return answer;
}

/* ------------------------------------------------ what the kernel places itself */

/* A vdso, of which the result is the size, or a shadow stack: where it is nothing tells. */
int64_t vm_change_arch_prctl(struct vm_change *change)
{
	int64_t answer = vm_change_perform(change);

	if (vm_change_succeeded(change, answer))
		vm_change_doubt(change, VM_ALL_PAGES, VM_REASON_EFFECT);
	return answer;
}

int64_t vm_change_map_shadow_stack(struct vm_change *change)
{
	const struct vm_call *call = change->call;
	int64_t answer = vm_change_perform(change);
	struct memory_area area = {
		.flags = VM_READ | VM_WRITE | VM_SHADOW | change->space->new_flags,
		.range = vm_pages((uint64_t)answer, call->args[1]),
		.offset = MEMORY_AREA_NO_OFFSET,
		.origin = call->event,
	};

	if (!vm_change_succeeded(change, answer))
		return answer;
	vm_change_put(change, &area);
	vm_change_doubt(change, area.range, VM_REASON_IDENTITY);
	return answer;
}
