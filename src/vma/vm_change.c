/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the operations of vm_apply() have in common: making the call, stating a doubt, writing
 * a result into the set
 */

#include "base/mutation.h"
#include "base/text.h"
#include "vma/vm_abi.h"
#include "vma/vm_change.h"
#include "vma/vm_reach.h"
#include "vma/vm_size.h"

int64_t vm_change_perform(struct vm_change *change)
{
	struct vm_backend *backend = &change->space->backend;
	/* Any of the three would do: they perform, and leave the set alone. */
	int error = backend->backend.ops->unmap(&backend->backend, (struct addr_range){ 0 },
						change->call);

	return vm_change_answer(change, error);
}

void vm_change_doubt(struct vm_change *change, struct addr_range range, enum vm_reason reason)
{
	struct vm_doubts *doubts = change->doubts;

	if (!vm_range_is_empty(range) && doubts->n < VM_DOUBTS_MAX)
		doubts->doubt[doubts->n++] = (struct vm_doubt){ range, reason, false };
}

void vm_change_doubt_mapping(struct vm_change *change, uint64_t addr, enum vm_reason reason)
{
	unsigned n = change->doubts->n;

	vm_change_doubt(change, vm_pages(addr, 1), reason);
	if (change->doubts->n > n)
		change->doubts->doubt[n].whole = true;
}

void vm_change_unapplied(struct vm_change *change)
{
	struct addr_range ranges[2];
	unsigned n = vm_call_ranges(change->space, change->call, true, ranges);

	change->space->n_unapplied += !vm_call_failed(change->call);
	change->doubts->n = 0;
	for (unsigned i = 0; i < n; i++)
		vm_change_doubt(change, ranges[i], VM_REASON_EFFECT);
}

void vm_change_put(struct vm_change *change, const struct memory_area *area)
{
	if (memory_set_replace(change->space->set, area->range, area, 1) < 0)
		vm_change_unapplied(change);
}

void vm_change_remove(struct vm_change *change, struct addr_range range)
{
	if (!vm_range_is_empty(range) && memory_set_replace(change->space->set, range, NULL, 0) < 0)
		vm_change_unapplied(change);
}

bool vm_mark_piece(struct memory_area *piece, void *context)
{
	const struct vm_marking *marking = context;
	uint64_t flags = (piece->flags & ~marking->clear) | marking->set;

	if (flags == piece->flags)
		return false;
	piece->flags = flags;
	piece->tag[VM_TAG_CHANGED] = marking->event;
	return true;
}

void vm_change_mark(struct vm_change *change, struct addr_range range, uint64_t set, uint64_t clear)
{
	struct vm_marking marking = { set, clear, change->call->event };

	if (!vm_range_is_empty(range))
		memory_set_update(change->space->set, range, vm_mark_piece, &marking);
}

bool vm_read_implies_exec(const struct vm_space *space, uint64_t prot)
{
	return !ML_MUTATED(READ_IMPLIES_EXEC_IGNORED) && (prot & PROT_READ) &&
	       (space->personality & READ_IMPLIES_EXEC);
}

bool vm_exec_is_unsure(const struct vm_space *space, uint64_t prot)
{
	return (prot & PROT_READ) &&
	       (space->exec_is_unsure || (space->personality & READ_IMPLIES_EXEC));
}

static bool is_named(const struct vm_space *space, const struct memory_area *area,
		     const char *const names[], unsigned n)
{
	const struct vm_object *object =
		vm_objects_get(&space->objects, (uint32_t)area->tag[VM_TAG_OBJECT]);

	for (unsigned i = 0; object != NULL && i < n; i++)
		if (text_begins_with(object->name, names[i]))
			return true;
	return false;
}

bool vm_area_is_special(const struct vm_space *space, const struct memory_area *area)
{
	static const char *const names[] = { "[v", "[uprobes", "/[aio]",
					     "anon_inode:", "/secretmem" };

	return (area->flags & (VM_HUGE_MASK | VM_AIO)) ||
	       is_named(space, area, names, sizeof(names) / sizeof(names[0]));
}

bool vm_area_is_io(const struct vm_space *space, const struct memory_area *area)
{
	static const char *const names[] = { "[vvar", "[uprobes" };

	return is_named(space, area, names, sizeof(names) / sizeof(names[0]));
}
