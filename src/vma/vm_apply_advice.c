/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What madvise, mlock and mseal do: /proc/PID/maps does not show it, but it decides what later
 * calls do
 *
 * Each stops, or goes on, in its own way where something is in its way:
 *
 *            a gap                     an area that refuses
 *   madvise  passes it, ENOMEM at last stops: what is before it has been advised
 *   mlock    stops: what is before it is locked
 *   mseal    is looked for first: nothing is sealed  stops: what is before it is sealed
 */

#include <string.h>
#include "base/mutation.h"
#include "vma/vm_abi.h"
#include "vma/vm_advice.h"
#include "vma/vm_apply_advice.h"
#include "vma/vm_change.h"
#include "vma/vm_edge.h"
#include "vma/vm_size.h"

static bool shows(const struct memory_set *set, uint64_t addr, uint64_t object)
{
	const struct memory_area *area = memory_set_find(set, addr);

	return area != NULL && area->tag[VM_TAG_OBJECT] == object;
}

/*
 * The vdso can't be split, nor huge pages: then the call stops, saying EINVAL. The kernel has
 * one area where we may have pieces.
 */
static bool refuses_to_split(const struct vm_space *space, const struct memory_area *area,
			     struct addr_range range)
{
	uint64_t shift = (area->flags & VM_HUGE_MASK) >> VM_HUGE_SHIFT;
	uint64_t object = area->tag[VM_TAG_OBJECT];
	uint64_t at = range.start > area->range.start ? range.start : range.end;

	if (shift == 0)
		return vm_area_is_special(space, area) && !(area->flags & VM_SHARED) &&
		       (shows(space->set, range.start - 1, object) ||
			shows(space->set, range.end, object));
	if (range.start <= area->range.start && range.end >= area->range.end)
		return false;
	return (at & ((1ULL << (shift & 63)) - 1)) != 0;
}

/* -------------------------------------------------------------------- madvise */

/* No advice, but it goes its way as if it were one. */
#define ADVICE_OF_MSEAL UINT32_MAX
static const struct vm_advice sealing = { ADVICE_OF_MSEAL, VM_SEALED, 0 };

static bool is_anonymous(const struct memory_area *area)
{
	return !(area->flags & (VM_SHARED | VM_FILE)) && area->tag[VM_TAG_OBJECT] == 0;
}

/* /dev/zero shows a file, and is anonymous memory all the same where it is private. */
static bool is_zero(const struct vm_space *space, const struct memory_area *area)
{
	const struct vm_object *object =
		vm_objects_get(&space->objects, (uint32_t)area->tag[VM_TAG_OBJECT]);

	return object != NULL && !(area->flags & VM_SHARED) && object->name_len == 9 &&
	       memcmp(object->name, "/dev/zero", 9) == 0;
}

/* What would take pages away is refused where they are sealed and can't be written. */
static bool is_sealed_against(const struct vm_space *space, const struct memory_area *area,
			      const struct vm_advice *row)
{
	return (area->flags & VM_SEALED) && row->set != 0 && !(area->flags & VM_WRITE) &&
	       (is_anonymous(area) || is_zero(space, area));
}

/* mm/madvise.c: madvise_vma_behavior(), can_madvise_modify(), is_valid_guard_vma() */
static bool refuses(const struct vm_space *space, const struct memory_area *area,
		    const struct vm_advice *row)
{
	if (is_sealed_against(space, area, row))
		return true;
	switch (row->advice) {
	case MADV_WIPEONFORK:
		/* Not of a file, that is: the vdso may be wiped. */
		return area->flags & (VM_SHARED | VM_FILE);
	case MADV_KEEPONFORK:
		return area->flags & VM_DROPPABLE;
	case MADV_GUARD_INSTALL:
		return (area->flags & VM_LOCKED) || vm_area_is_special(space, area);
	case MADV_GUARD_REMOVE:
		return vm_area_is_special(space, area);
	case MADV_DOFORK:
		return vm_area_is_io(space, area);
	default:
		return false;
	}
}

/* Guards are the pages', and what is as it should be is passed over: neither needs a split. */
static bool splits(const struct memory_area *area, const struct vm_advice *row)
{
	uint64_t flags = (area->flags | row->set) & ~row->clear;

	return flags != area->flags && !((row->set | row->clear) & VM_GUARD);
}

static bool stops_at(const struct vm_space *space, const struct memory_area *area,
		     struct addr_range range, const struct vm_advice *row)
{
	return (row->advice != ADVICE_OF_MSEAL && refuses(space, area, row)) ||
	       (splits(area, row) && refuses_to_split(space, area, range));
}

/* The first area that stops the call, or NULL. */
static const struct memory_area *find_obstacle(const struct vm_space *space,
					       struct addr_range range, const struct vm_advice *row)
{
	struct memory_set_iter iter = memory_set_iter_from_start(space->set, range);
	const struct memory_area *area;

	while ((area = memory_set_iter_next(&iter)) != NULL)
		if (stops_at(space, area, range, row))
			return area;
	return NULL;
}

/* Where the call stopped; empty when the map tells no reason: then it did not even begin. */
static struct addr_range until_refused(const struct vm_space *space, struct addr_range range,
				       const struct vm_advice *row)
{
	const struct memory_area *area = find_obstacle(space, range, row);

	range.end = area != NULL ? area->range.start : range.start;
	return range;
}

int64_t vm_advice_error(const struct vm_space *space, struct addr_range range, uint32_t advice)
{
	const struct vm_advice *row = vm_advice_find(advice);

	if (row == NULL || find_obstacle(space, range, row) != NULL)
		return -EINVAL;
	return vm_is_mapped(space->set, range) ? -EINVAL : -ENOMEM;
}

int64_t vm_change_madvise(struct vm_change *change)
{
	const struct vm_call *call = change->call;
	const struct vm_advice *row = vm_advice_find((uint32_t)call->args[2]);
	struct addr_range range = vm_pages(call->args[0], call->args[1]);
	int64_t answer = vm_change_perform(change);

	if (row == NULL || answer == -EOWNERDEAD)
		return answer;
	if (vm_call_failed(call) && (answer != -ENOMEM || ML_MUTATED(MADVISE_STOPS_AT_GAP)))
		range = until_refused(change->space, range, row);
	vm_change_mark(change, range, row->set, row->clear);
	return answer;
}

/* ---------------------------------------------------------------------- mseal */

int64_t vm_change_mseal(struct vm_change *change)
{
	const uint64_t *args = change->call->args;
	struct addr_range range = vm_pages(args[0], args[1]);
	int64_t answer = vm_change_perform(change);

	if (answer == -EOWNERDEAD)
		return answer;
	if (answer == -EINVAL)
		range = until_refused(change->space, range, &sealing);
	/* Flags are refused at once. */
	if ((answer == 0 || (answer == -EINVAL && args[2] == 0)) && !ML_MUTATED(SEAL_IGNORED))
		vm_change_mark(change, range, sealing.set, sealing.clear);
	return answer;
}

/* ---------------------------------------------------------------------- mlock */

/* Both ends are moved outwards. */
static struct addr_range locked_pages(const struct vm_call *call)
{
	uint64_t start = vm_page_down(call->args[0]);

	return vm_pages(start, call->args[1] + (call->args[0] - start));
}

/* Up to the first gap. */
static struct addr_range until_gap(const struct memory_set *set, struct addr_range range)
{
	uint64_t at = range.start;
	const struct memory_area *area;

	while (at < range.end && (area = memory_set_find(set, at)) != NULL)
		at = area->range.end;
	if (at < range.end)
		range.end = at;
	return range;
}

/* mm/mlock.c: mlock_fixup() */
static bool is_never_locked(const struct vm_space *space, const struct memory_area *area)
{
	return (area->flags & VM_DROPPABLE) || vm_area_is_special(space, area);
}

/* Pages that are locked as they come are not made; what is never locked knows nothing of that. */
static bool wants_pages(const struct vm_change *change, const struct memory_area *area)
{
	const struct vm_call *call = change->call;

	if (call->op == VM_OP_MLOCK2 && (call->args[2] & MLOCK_ONFAULT))
		return is_never_locked(change->space, area);
	return call->op != VM_OP_MUNLOCK;
}

/*
 * Locked, but without the pages, which can't be had: guards, what can be neither
 * read nor written, beyond a file's end. mm/gup.c: check_vma_flags()
 */
static bool can_lack_pages(const struct vm_change *change, struct addr_range range)
{
	struct memory_set_iter iter = memory_set_iter_from_start(change->space->set, range);
	const struct memory_area *area;

	while ((area = memory_set_iter_next(&iter)) != NULL)
		if (wants_pages(change, area) &&
		    ((area->flags & (VM_GUARD | VM_FILE)) || !(area->flags & (VM_READ | VM_WRITE))))
			return true;
	return false;
}

/*
 * What a failed call has locked. ENOMEM means three things: a gap, pages that
 * can't be had, or the limit RLIMIT_MEMLOCK; under the last nothing is locked.
 */
static struct addr_range locked_by_failure(const struct vm_change *change, struct addr_range range)
{
	const struct memory_set *set = change->space->set;
	struct addr_range mapped = until_gap(set, range);
	int64_t answer = change->call->result;

	if (answer == -EAGAIN)
		return range;
	if (answer != -ENOMEM || (mapped.end == range.end && !can_lack_pages(change, range)))
		mapped.end = mapped.start;
	return mapped;
}

static bool lock_piece(struct memory_area *piece, void *context)
{
	const struct vm_change *change = context;
	bool locks = change->call->op != VM_OP_MUNLOCK && change->call->op != VM_OP_MUNLOCKALL;
	uint64_t flags = locks ? piece->flags | VM_LOCKED : piece->flags & ~VM_LOCKED;

	if (flags == piece->flags || is_never_locked(change->space, piece))
		return false;
	piece->flags = flags;
	piece->tag[VM_TAG_CHANGED] = change->call->event;
	return true;
}

int64_t vm_change_mlock(struct vm_change *change)
{
	struct addr_range range = locked_pages(change->call);
	int64_t answer = vm_change_perform(change);

	if (answer == -EOWNERDEAD)
		return answer;
	if (vm_call_failed(change->call))
		range = locked_by_failure(change, range);
	if (!vm_range_is_empty(range))
		memory_set_update(change->space->set, range, lock_piece, change);
	return answer;
}

/* munlockall is mlockall(0). MCL_FUTURE alone leaves what is there as it is. */
int64_t vm_change_mlockall(struct vm_change *change)
{
	const struct vm_call *call = change->call;
	uint64_t flags = call->op == VM_OP_MLOCKALL ? call->args[0] : 0;
	int64_t answer = vm_change_perform(change);

	if (!vm_change_succeeded(change, answer))
		return answer;
	change->space->new_flags = flags & MCL_FUTURE ? VM_LOCKED : 0;
	if (call->op == VM_OP_MUNLOCKALL || (flags & MCL_CURRENT))
		memory_set_update(change->space->set, VM_ALL_PAGES, lock_piece, change);
	return answer;
}
