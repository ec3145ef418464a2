/* SPDX-License-Identifier: Apache-2.0 */

/*
 * owner - who made a call
 *
 * malloc maps memory for somebody, and so does an allocator that sits on top of
 * it. So the owner is whoever called them: the first frame outside.
 */

#include "audit/owner.h"
#include "vma/vm_module.h"

static bool is_in(const struct vm_space *space, uint32_t object, unsigned classes)
{
	const struct vm_object *found = vm_objects_get(&space->objects, object);

	return found != NULL && vm_module_is(found->name, classes);
}

static uint32_t object_at(const struct vm_space *space, uint64_t address)
{
	const struct memory_area *area = memory_set_find(space->set, address);

	return area != NULL ? (uint32_t)area->tag[VM_TAG_OBJECT] : 0;
}

struct owner owner_of_trace(const struct vm_space *space, const struct ledger_trace *trace)
{
	struct owner owner = { 0 };

	if (trace == NULL || trace->n_frames == 0)
		return owner;
	owner.internal = is_in(space, object_at(space, ledger_trace_pc(trace, 0)), VM_MODULE_LIBC);
	for (unsigned i = 0; i < trace->n_frames; i++) {
		uint64_t pc = ledger_trace_pc(trace, i);
		uint32_t object = object_at(space, pc);

		if (object != 0 && is_in(space, object, VM_MODULE_LIBC | VM_MODULE_RUNTIME))
			continue;
		owner.object = object;
		owner.site = pc;
		return owner;
	}
	/* libc all the way: a thread of its own, or the program's start. */
	owner.object = object_at(space, ledger_trace_pc(trace, 0));
	owner.site = ledger_trace_pc(trace, 0);
	return owner;
}
