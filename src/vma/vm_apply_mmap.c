/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What mmap does to the map: the flags say what is mapped, the result says where
 */

#include "base/mutation.h"
#include "vma/vm_abi.h"
#include "vma/vm_apply_mmap.h"
#include "vma/vm_change.h"
#include "vma/vm_size.h"

static bool is_shared(uint64_t map_flags)
{
	unsigned type = map_flags & MAP_TYPE;

	return type == MAP_SHARED || type == MAP_SHARED_VALIDATE;
}

static bool is_droppable(uint64_t map_flags)
{
	return (map_flags & MAP_TYPE) == MAP_DROPPABLE;
}

/* What mlockall(MCL_FUTURE) does to it, and MAP_LOCKED: huge and droppable pages are spared. */
static uint64_t lock_flags(const struct vm_space *space, uint64_t map_flags)
{
	if ((map_flags & MAP_HUGETLB) || is_droppable(map_flags))
		return 0;
	return space->new_flags | (map_flags & MAP_LOCKED ? VM_LOCKED : 0);
}

static uint64_t area_flags(const struct vm_space *space, const struct vm_call *call)
{
	uint64_t prot = call->args[2];
	uint64_t map_flags = call->args[3];
	uint64_t flags = vm_flags_from_prot(prot);

	if (vm_read_implies_exec(space, prot))
		flags |= VM_EXEC;
	if (is_shared(map_flags))
		flags |= VM_SHARED;
	if (map_flags & MAP_GROWSDOWN)
		flags |= VM_GROWSDOWN;
	if (is_droppable(map_flags))
		flags |= VM_DROPPABLE | VM_WIPEONFORK;
	flags |= lock_flags(space, map_flags);
	if (!(map_flags & MAP_ANONYMOUS))
		flags |= VM_FILE;
	return flags | (uint64_t)vm_mmap_huge_shift(map_flags) << VM_HUGE_SHIFT;
}

/* Only private anonymous memory shows nothing whose name the kernel had to choose. */
static bool identity_is_known(const struct vm_space *space, const struct vm_call *call)
{
	uint64_t map_flags = call->args[3];

	return (map_flags & MAP_ANONYMOUS) && !is_shared(map_flags) && !(map_flags & MAP_HUGETLB) &&
	       !vm_exec_is_unsure(space, call->args[2]);
}

/*
 * What MAP_FIXED has replaced when the call failed: since Linux 6.12 nothing,
 * mostly; but a driver that refuses late leaves a hole, and so did every late
 * failure before.
 */
static struct addr_range replaced_range(const struct vm_call *call, uint64_t size)
{
	uint64_t map_flags = call->args[3];

	if (!(map_flags & MAP_FIXED) || (map_flags & MAP_FIXED_NOREPLACE))
		return (struct addr_range){ 0 };
	return vm_pages(call->args[0], size);
}

/* The request as the set takes it. A hint is only a hint, so one that makes no sense is none. */
static struct addr_range requested_range(const struct vm_call *call, uint64_t size)
{
	uint64_t hint = vm_page_down(call->args[0]);

	if (hint + size < size)
		hint = 0;
	return (struct addr_range){ hint, hint + size };
}

int64_t vm_change_mmap(struct vm_change *change)
{
	struct vm_call *call = change->call;
	uint64_t size = vm_mmap_size(call);
	struct memory_area area = {
		.range = requested_range(call, size),
		.flags = area_flags(change->space, call),
		.offset = call->args[3] & MAP_ANONYMOUS ? MEMORY_AREA_NO_OFFSET : call->args[5],
	};
	int returned;

	if (size == 0)
		return vm_change_perform(change);
	returned = memory_set_map(change->space->set, &area, MEMORY_SET_REPLACE, call);
	if (returned == -EOWNERDEAD)
		return -EOWNERDEAD;
	if (ML_MUTATED(NOREPLACE_REPLACES) && call->result == -EEXIST)
		vm_change_remove(change, vm_pages(call->args[0], size));
	if (ML_MUTATED(FIXED_FAILURE_IGNORED) && vm_call_failed(call))
		return call->result;
	if (vm_call_failed(call))
		vm_change_doubt(change, replaced_range(call, size), VM_REASON_FAILED);
	else if (returned < 0)
		vm_change_unapplied(change);
	else if (!identity_is_known(change->space, call))
		vm_change_doubt(change, area.range, VM_REASON_IDENTITY);
	return call->result;
}
