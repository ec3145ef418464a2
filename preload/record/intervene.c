/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include "base/sys.h"
#include "map/map.h"
#include "map/own_memory.h"
#include "record/intervene.h"
#include "shim/shim.h"
#include "vma/vm_abi.h"
#include "vma/vm_module.h"
#include "vma/vm_reach.h"

bool intervene_wanted;

void intervene_start(void)
{
	intervene_wanted =
		shim.options.enforce != 0 || shim.options.hold != 0 || shim.options.stop != 0;
}

/* ---------------------------------------------------------------------- owners */

static uint32_t object_at(uint64_t addr)
{
	const struct memory_area *area = memory_set_find(map.space.set, addr);

	return area != NULL ? (uint32_t)area->tag[VM_TAG_OBJECT] : 0;
}

static bool is_libc(uint32_t object)
{
	const struct vm_object *found = vm_objects_get(&map.space.objects, object);

	return found != NULL && vm_module_is(found->name, VM_MODULE_TRUSTED);
}

/* The module of the first frame outside of libc and the loader; 0: not known. */
static uint32_t owner_of(const struct unwind_trace *trace)
{
	for (unsigned i = 0; i < trace->n; i++) {
		uint32_t object = object_at(trace->frames[i] - 1);

		if (object != 0 && !is_libc(object))
			return object;
	}
	return 0;
}

/* Did libc or the loader make the call for its own purposes? */
static bool is_internal(const struct unwind_trace *trace)
{
	return trace->n > 0 && is_libc(object_at(trace->frames[0] - 1));
}

/*
 * Who made the latest mappings, by the event that did. Forgotten when another takes the
 * place: then nobody is known to be the owner, and nothing is refused for its sake.
 */
#define OWNERS 4096

static struct {
	uint64_t event;
	uint32_t object;
} owners[OWNERS];

static void remember_owner(const struct vm_call *call, const struct unwind_trace *trace)
{
	if (call->op != VM_OP_MMAP || vm_call_failed(call) || call->event == 0)
		return;
	owners[call->event % OWNERS].event = call->event;
	/* A stack is the thread's that runs on it: runtimes make their guards there. */
	owners[call->event % OWNERS].object = call->args[3] & MAP_STACK ? 0 : owner_of(trace);
}

static uint32_t recall_owner(uint64_t event)
{
	return owners[event % OWNERS].event == event ? owners[event % OWNERS].object : 0;
}

/* Live memory that somebody else than @caller, a module, counts on? */
static bool is_foreign(const struct memory_area *area, uint32_t caller)
{
	uint32_t owner = recall_owner(area->origin);

	if ((area->flags & VM_PROT) == 0 || (area->flags & VM_HELD))
		return false;
	if (area->flags & VM_OWN)
		return true;
	if (area->flags & VM_HEAP)
		return true;
	if (area->tag[VM_TAG_OBJECT] == 0 && vm_has_main_stack(&map.space, area))
		return true;
	/* A library's: the loader mapped it, or it was there before anybody looked. */
	if ((area->flags & VM_FILE) && !(area->flags & VM_SHARED) && owner == 0)
		return true;
	return owner != 0 && caller != 0 && owner != caller;
}

static bool finds_foreign(struct addr_range range, const struct unwind_trace *trace)
{
	struct memory_set_iter iter = memory_set_iter_from_start(map.space.set, range);
	uint32_t caller = owner_of(trace);
	const struct memory_area *area;

	while ((area = memory_set_iter_next(&iter)) != NULL)
		if (is_foreign(area, caller))
			return true;
	return false;
}

/* -------------------------------------------------------------------- before */

/* A mapping without execution in the range: mprotect must not add it. */
static bool gains_execution(struct addr_range range)
{
	struct memory_set_iter iter = memory_set_iter_from_start(map.space.set, range);
	const struct memory_area *area;

	while ((area = memory_set_iter_next(&iter)) != NULL)
		if (!(area->flags & VM_EXEC))
			return true;
	return false;
}

/* The rule of map_deny_write_exec(), include/linux/mman.h. */
static bool breaks_wx(const struct vm_call *call)
{
	uint64_t prot = call->args[2];

	if (!(prot & VM_EXEC))
		return false;
	if (call->op == VM_OP_MMAP)
		return (prot & VM_WRITE) != 0;
	return vm_call_is_protect(call) &&
	       ((prot & VM_WRITE) != 0 || gains_execution(vm_range_given(call)));
}

static bool is_fixed(const struct vm_call *call)
{
	return call->op == VM_OP_MMAP && (call->args[3] & MAP_FIXED) &&
	       !(call->args[3] & MAP_FIXED_NOREPLACE);
}

static bool is_sane(struct addr_range range)
{
	return range.start < range.end && range.end <= VM_ALL_PAGES.end;
}

static bool hits_nothing(const struct vm_call *call)
{
	struct memory_set_iter iter;
	const struct memory_area *area;

	if (call->op != VM_OP_MUNMAP)
		return false;
	iter = memory_set_iter_from_start(map.space.set, vm_range_given(call));
	while ((area = memory_set_iter_next(&iter)) != NULL)
		if (!(area->flags & VM_HELD))
			return false;
	return true;
}

struct intervention intervene_before(const struct vm_call *call, const struct unwind_trace *trace)
{
	struct intervention before = { 0 };
	uint64_t enforce = shim.options.enforce;

	if (call->op > VM_OP_PKEY_MPROTECT || !is_sane(vm_range_given(call)))
		return before;
	before.hits_nothing = hits_nothing(call);
	before.clobbers =
		is_fixed(call) && !is_internal(trace) && finds_foreign(vm_range_given(call), trace);
	if ((enforce & OPTION_ENFORCE_WX) && breaks_wx(call))
		before.refusal = -EACCES;
	else if ((enforce & OPTION_ENFORCE_CLOBBER) && before.clobbers)
		before.refusal = -EEXIST;
	return before;
}

/* --------------------------------------------------------------------- holding */

#define HELD_MAX 4096

static struct addr_range held[HELD_MAX];
static unsigned held_first, n_held;
static uint64_t held_bytes;

/* What the program has not mapped over since. */
static void release(struct addr_range range)
{
	const struct memory_area *area;
	uint64_t at = range.start;

	while ((area = memory_set_find_from(map.space.set, at)) != NULL &&
	       area->range.start < range.end) {
		struct memory_area piece = *area;

		at = piece.range.end;
		if (!(piece.flags & VM_HELD))
			continue;
		memory_area_clip(&piece, range);
		if (sys_munmap(piece.range.start, piece.range.end - piece.range.start) == 0)
			own_memory_leave(piece.range);
	}
}

static void release_oldest(void)
{
	struct addr_range range = held[held_first];

	held_first = (held_first + 1) % HELD_MAX;
	n_held--;
	held_bytes -= range.end - range.start;
	release(range);
}

static void hold(const struct vm_call *call)
{
	struct memory_area area = {
		.range = vm_range_given(call),
		.flags = VM_OWN | VM_HELD,
		.offset = MEMORY_AREA_NO_OFFSET,
		.origin = call->event,
	};
	uint64_t size = area.range.end - area.range.start;

	if (size > shim.options.hold || shim.confined)
		return;
	while (n_held > 0 && (n_held == HELD_MAX || held_bytes + size > shim.options.hold))
		release_oldest();
	if (!own_memory_reserve(area.range))
		return;
	own_memory_enter(&area);
	held[(held_first + n_held++) % HELD_MAX] = area.range;
	held_bytes += size;
}

/* -------------------------------------------------------------------- stopping */

static bool wants_stop(unsigned rule)
{
	return shim.options.stop >> rule & 1;
}

static bool is_found(const struct vm_call *call, const struct intervention *before)
{
	bool failed = vm_call_failed(call);

	if (failed && wants_stop(OPTION_STOP_U08))
		return true;
	if (failed && vm_call_is_protect(call) && wants_stop(OPTION_STOP_P03) &&
	    memory_set_overlaps(map.space.set, vm_range_given(call)) && call->result != -EINVAL)
		return true;
	if (failed)
		return false;
	return (wants_stop(OPTION_STOP_U01) && before->hits_nothing) ||
	       (wants_stop(OPTION_STOP_U04) && before->clobbers) ||
	       (wants_stop(OPTION_STOP_W01) &&
		(call->op == VM_OP_MMAP || vm_call_is_protect(call)) &&
		(call->args[2] & (VM_WRITE | VM_EXEC)) == (VM_WRITE | VM_EXEC));
}

bool intervene_after(const struct vm_call *call, const struct intervention *before,
		     const struct unwind_trace *trace)
{
	remember_owner(call, trace);
	if (shim.options.hold != 0 && call->op == VM_OP_MUNMAP && !vm_call_failed(call) &&
	    is_sane(vm_range_given(call)))
		hold(call);
	return shim.options.stop != 0 && is_found(call, before);
}

void intervene_stop(void)
{
	sys_call6(SYS_tgkill, sys_getpid(), sys_gettid(), SIGTRAP, 0, 0, 0);
}
