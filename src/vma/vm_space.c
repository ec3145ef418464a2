/* SPDX-License-Identifier: Apache-2.0 */

/*
 * An address space without areas, the backend that hands calls on unchanged, and the names of
 * reasons
 */

#include <errno.h>
#include "base/mutation.h"
#include "vma/vm_space.h"

static const char *const reason_names[VM_REASON_COUNT] = {
	[VM_REASON_NONE] = "none",
	[VM_REASON_BASELINE] = "baseline",
	[VM_REASON_CHECKPOINT] = "checkpoint",
	[VM_REASON_IDENTITY] = "identity",
	[VM_REASON_FAILED] = "failed",
	[VM_REASON_EFFECT] = "effect",
	[VM_REASON_UNORDERED] = "unordered",
	[VM_REASON_NESTED] = "nested",
	[VM_REASON_STACK] = "stack",
	[VM_REASON_FORK] = "fork",
	[VM_REASON_OWN] = "own",
	[VM_REASON_UNOBSERVED] = "unobserved",
	[VM_REASON_FAULT] = "fault",
};

const char *vm_reason_name(unsigned reason)
{
	return reason < VM_REASON_COUNT ? reason_names[reason] : "unknown";
}

uint64_t vm_reason_source(unsigned reason)
{
	switch (reason) {
	case VM_REASON_BASELINE:
		return VM_BASELINE;
	case VM_REASON_IDENTITY:
	case VM_REASON_OWN:
		return VM_OBSERVED;
	case VM_REASON_STACK:
		return VM_RESYNCED | VM_GROWSDOWN;
	default:
		return VM_RESYNCED;
	}
}

/* --------------------------------------------------------- forwarding backend */

/* @page_table is the struct vm_call: what the set asks for is in it, as the program said it. */
static int forward(struct mapping_backend *base, void *page_table)
{
	struct vm_backend *backend = (struct vm_backend *)base;
	struct vm_call *call = page_table;
	int64_t answer = call->result;

	if (backend->perform != NULL)
		answer = backend->perform(backend->context, call);
	if (answer == -EOWNERDEAD)
		return -EOWNERDEAD;
	call->result = answer;
	return vm_call_failed(call) ? (int)answer : 0;
}

/* The kernel alone decides where a mapping is. */
static int forward_map(struct mapping_backend *backend, struct memory_area *area, void *page_table)
{
	const struct vm_call *call = page_table;
	uint64_t size = area->range.end - area->range.start;
	int error = forward(backend, page_table);

	if (error != 0)
		return error;
	if (!ML_MUTATED(HINT_BELIEVED) || area->range.start == 0)
		area->range.start = (uint64_t)call->result;
	area->range.end = area->range.start + size;
	area->origin = call->event;
	return 0;
}

static int forward_unmap(struct mapping_backend *backend, struct addr_range range, void *page_table)
{
	(void)range;
	return forward(backend, page_table);
}

static int forward_protect(struct mapping_backend *backend, struct addr_range range, uint64_t flags,
			   void *page_table)
{
	(void)range;
	(void)flags;
	return forward(backend, page_table);
}

static const struct mapping_backend_ops forward_ops = {
	.name = "forward",
	.map = forward_map,
	.unmap = forward_unmap,
	.protect = forward_protect,
};

/* ---------------------------------------------------------------------- space */

int vm_space_init(struct vm_space *space, const struct ml_allocator *allocator,
		  vm_perform_fn perform, void *context)
{
	*space = (struct vm_space){
		.backend = {
			.backend = { .ops = &forward_ops },
			.perform = perform,
			.context = context,
		},
	};
	vm_objects_init(&space->objects, allocator);
	space->set = memory_set_create(&(struct memory_set_options){
		.allocator = allocator,
		.page_size = VM_PAGE_SIZE,
		.dispatch = MEMORY_SET_PER_REQUEST,
		.backend = &space->backend.backend,
		.merge = true,
		.auto_reserve = perform == NULL,
	});
	return space->set == NULL ? -ENOMEM : 0;
}

void vm_space_finish(struct vm_space *space)
{
	memory_set_destroy(space->set);
	space->set = NULL;
	vm_objects_finish(&space->objects);
}

int vm_space_reserve(struct vm_space *space, size_t n_areas)
{
	if (n_areas > SIZE_MAX / VM_APPLY_GROWTH - 2)
		return -ENOMEM;
	return memory_set_reserve(space->set, (n_areas + 2) * VM_APPLY_GROWTH);
}

static bool inherit(struct memory_area *area, void *context)
{
	(void)context;
	area->flags &= ~VM_LOCKED;
	if (area->flags & VM_WIPEONFORK)
		area->flags &= ~VM_GUARD;
	return true;
}

void vm_space_inherit(struct vm_space *space)
{
	space->new_flags = 0;
	space->aftermath = (struct vm_aftermath){ 0 };
	memory_set_update(space->set, VM_ALL_PAGES, inherit, NULL);
}
