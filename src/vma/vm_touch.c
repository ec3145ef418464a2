/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The pages that a screen names for a call: nothing where only the kernel knows the place
 */

#include <sys/mman.h>
#include "vma/vm_reach.h"
#include "vma/vm_touch.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

static void add(struct touch *touch, uint64_t start, uint64_t size)
{
	struct addr_range range = { vm_page_down(start), 0 };

	if (size == 0 || __builtin_add_overflow(start, size, &range.end) ||
	    range.end > vm_page_down(UINT64_MAX) || touch->n == TOUCH_MAX)
		return;
	range.end = vm_page_up(range.end);
	touch->range[touch->n++] = range;
}

static void touch_mmap(struct touch *touch, const struct vm_space *space,
		       const struct vm_call *call, bool finished)
{
	struct addr_range ranges[2];

	if (finished && !vm_call_failed(call)) {
		add(touch, (uint64_t)call->result, call->args[1]);
		/* Huge pages make it larger than it was asked for. */
		if (touch->n == 1 && vm_call_ranges(space, call, true, ranges) == 1)
			touch->range[0] = ranges[0];
	} else if (call->args[3] & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
		add(touch, call->args[0], call->args[1]);
	}
}

/* With PROT_GROWSDOWN it begins where the stack does. */
static void touch_mprotect(struct touch *touch, const struct vm_space *space,
			   const struct vm_call *call)
{
	struct addr_range ranges[2];

	add(touch, call->args[0], call->args[1]);
	if (touch->n == 1 && vm_call_ranges(space, call, true, ranges) == 1)
		touch->range[0] = ranges[0];
}

static void touch_mremap(struct touch *touch, const struct vm_call *call, bool finished)
{
	uint64_t old = call->args[0];
	uint64_t size = call->args[1];
	uint64_t new_size = call->args[2];
	bool done = finished && !vm_call_failed(call);
	bool in_place = done ? (uint64_t)call->result == old
			     : !(call->args[3] & (MREMAP_MAYMOVE | MREMAP_FIXED));

	add(touch, old, in_place && new_size > size ? new_size : size);
	if (done && !in_place)
		add(touch, (uint64_t)call->result, new_size);
	else if (!done && (call->args[3] & MREMAP_FIXED))
		add(touch, call->args[4], new_size);
}

static void touch_brk(struct touch *touch, const struct vm_space *space, const struct vm_call *call,
		      bool finished)
{
	uint64_t before = vm_page_up(space->brk);
	uint64_t after = vm_page_up(finished ? (uint64_t)call->result : call->args[0]);

	if (after == 0 || before == 0)
		return;
	if (after > before)
		add(touch, before, after - before);
	else
		add(touch, after, before - after);
}

/* How large a segment is, only the map knows: all of one object from @addr on. */
static void touch_segment(struct touch *touch, const struct vm_space *space, uint64_t addr)
{
	const struct memory_area *first = memory_set_find_from(space->set, addr);
	uint64_t end = addr;
	struct memory_set_iter iter;
	const struct memory_area *area;

	if (first == NULL || !(first->flags & (VM_SHM | VM_AIO)))
		return;
	iter = memory_set_iter_from_start(space->set, (struct addr_range){ addr, UINT64_MAX });
	while ((area = memory_set_iter_next(&iter)) != NULL)
		if (area->tag[VM_TAG_OBJECT] == first->tag[VM_TAG_OBJECT] &&
		    (area->flags & (VM_SHM | VM_AIO)))
			end = area->range.end;
	add(touch, addr, end - addr);
}

struct touch touch_of_call(const struct vm_space *space, const struct vm_call *call, bool finished)
{
	const struct vm_reach *reach = vm_reach_of_call(call);
	bool done = finished && !vm_call_failed(call);
	uint64_t addr = call->args[reach->addr];
	uint64_t len = call->args[reach->len];
	struct touch touch = { 0 };

	if (!(reach->does & VM_REACH_TELLS))
		return touch;
	switch (reach->place) {
	case VM_PLACE_MAPPED:
		touch_mmap(&touch, space, call, finished);
		break;
	case VM_PLACE_STACK:
		touch_mprotect(&touch, space, call);
		break;
	case VM_PLACE_GIVEN:
		add(&touch, addr, len);
		break;
	case VM_PLACE_MOVED:
		touch_mremap(&touch, call, finished);
		break;
	case VM_PLACE_BREAK:
		touch_brk(&touch, space, call, finished);
		break;
	case VM_PLACE_SEGMENT:
	case VM_PLACE_RING:
		/* What the call makes is there when it is done; what it takes is there before. */
		if (!touch_is_late(call))
			touch_segment(&touch, space, addr);
		else if (done)
			touch_segment(&touch, space,
				      call->op == VM_OP_SHMAT ? (uint64_t)call->result : addr);
		break;
	case VM_PLACE_RESULT:
		if (done)
			add(&touch, (uint64_t)call->result, len);
		break;
	default:
		break;
	}
	return touch;
}

bool touch_is_late(const struct vm_call *call)
{
	return call->op == VM_OP_SHMAT || call->op == VM_OP_IO_SETUP;
}

uint64_t touch_bytes(const struct touch *touch)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < touch->n; i++)
		sum += touch->range[i].end - touch->range[i].start;
	return sum;
}

bool touch_overlaps(const struct touch *touch, struct addr_range range)
{
	for (unsigned i = 0; i < touch->n; i++)
		if (vm_ranges_meet(touch->range[i], range))
			return true;
	return false;
}

bool call_was_refused(const struct vm_call *call)
{
	if (call->op == VM_OP_BRK)
		return call->args[0] != 0 && (uint64_t)call->result != call->args[0];
	return vm_call_failed(call);
}

uint64_t touch_unplaced_size(const struct vm_call *call)
{
	if (call->op == VM_OP_MMAP && !(call->args[3] & (MAP_FIXED | MAP_FIXED_NOREPLACE)))
		return vm_page_up(call->args[1]);
	if (call->op == VM_OP_MREMAP && (call->args[3] & MREMAP_MAYMOVE) &&
	    !(call->args[3] & MREMAP_FIXED))
		return vm_page_up(call->args[2]);
	return 0;
}
