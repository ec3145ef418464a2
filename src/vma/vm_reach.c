/* SPDX-License-Identifier: Apache-2.0 */
#include "vma/vm_abi.h"
#include "vma/vm_advice.h"
#include "vma/vm_change.h"
#include "vma/vm_reach.h"
#include "vma/vm_size.h"

/* Whatever the arguments are, something valid that is not smaller than what was meant. */
static struct addr_range cover(uint64_t addr, uint64_t size)
{
	struct addr_range range = { vm_page_down(addr), 0 };
	uint64_t end;

	if (__builtin_add_overflow(addr, size, &end) || end > VM_ALL_PAGES.end)
		range.end = VM_ALL_PAGES.end;
	else
		range.end = vm_page_up(end);
	return range;
}

static unsigned one(struct addr_range ranges[2], struct addr_range range)
{
	ranges[0] = range;
	return !vm_range_is_empty(range);
}

static unsigned mmap_ranges(const struct vm_call *call, bool finished, struct addr_range ranges[2])
{
	uint64_t size = vm_mmap_size(call);

	if (finished && !vm_call_failed(call))
		return one(ranges, cover((uint64_t)call->result, size));
	if (call->args[3] & (MAP_FIXED | MAP_FIXED_NOREPLACE))
		return one(ranges, cover(call->args[0], size));
	return finished ? 0 : one(ranges, VM_ALL_PAGES);
}

static unsigned mremap_ranges(const struct vm_call *call, bool finished,
			      struct addr_range ranges[2])
{
	const uint64_t *args = call->args;
	uint64_t size = args[1] > args[2] ? args[1] : args[2];
	unsigned n = one(ranges, cover(args[0], size));

	if (finished && !vm_call_failed(call))
		ranges[n++] = cover((uint64_t)call->result, args[2]);
	else if (args[3] & MREMAP_FIXED)
		ranges[n++] = cover(args[4], args[2]);
	else if (!finished && (args[3] & MREMAP_MAYMOVE))
		n = one(ranges, VM_ALL_PAGES);
	return n;
}

static unsigned mprotect_ranges(const struct vm_space *space, const struct vm_call *call,
				struct addr_range ranges[2])
{
	struct addr_range range = cover(call->args[0], call->args[1]);

	if (call->args[2] & PROT_GROWSDOWN)
		range.start = vm_stack_start(space->set, range.start);
	return one(ranges, range);
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static unsigned brk_ranges(const struct vm_space *space, const struct vm_call *call, bool finished,
			   struct addr_range ranges[2])
{
	uint64_t brk = finished ? (uint64_t)call->result : call->args[0];
	uint64_t end = larger(brk, space->brk);

	if (end <= space->start_brk)
		return 0;
	return one(ranges, cover(space->start_brk, end - space->start_brk));
}

static unsigned aio_ranges(const struct vm_space *space, const struct vm_call *call, bool finished,
			   struct addr_range ranges[2])
{
	uint64_t addr = call->args[call->op == VM_OP_IO_SETUP ? 2 : 0];
	uint64_t size = vm_ring_size(space, addr);

	if (finished && vm_call_failed(call))
		return 0;
	return one(ranges, size == 0 ? VM_ALL_PAGES : cover(addr, size));
}

/* A stack that is marked from its lower edge on is not what it had grown to, either. */
static struct addr_range cover_and_below(uint64_t addr, uint64_t len)
{
	struct addr_range range = cover(addr, len);

	if (range.start < range.end && range.start >= VM_PAGE_SIZE)
		range.start -= VM_PAGE_SIZE;
	return range;
}

unsigned vm_ranges_to_know(const struct vm_call *call, struct addr_range ranges[2])
{
	const uint64_t *args = call->args;

	switch (call->op) {
	case VM_OP_MREMAP:
		/* Where it may grow in place, too. */
		ranges[0] = cover(args[0], larger(args[1], args[2]));
		ranges[1] = cover(args[4], args[2]);
		return args[3] & MREMAP_FIXED ? 2 : 1;
	case VM_OP_MADVISE:
		ranges[0] = cover_and_below(args[0], args[1]);
		return vm_advice_has_effect((uint32_t)args[2]);
	case VM_OP_MLOCK:
	case VM_OP_MLOCK2:
	case VM_OP_MUNLOCK:
	case VM_OP_MSEAL:
		ranges[0] = cover_and_below(args[0], args[1]);
		return 1;
	case VM_OP_MLOCKALL:
	case VM_OP_MUNLOCKALL:
		return one(ranges, VM_ALL_PAGES);
	default:
		return 0;
	}
}

/* Only what can be seen in a map: neither locks nor seals nor labels. */
unsigned vm_call_ranges(const struct vm_space *space, const struct vm_call *call, bool finished,
			struct addr_range ranges[2])
{
	switch (call->op) {
	case VM_OP_MMAP:
		return mmap_ranges(call, finished, ranges);
	case VM_OP_MREMAP:
		return mremap_ranges(call, finished, ranges);
	case VM_OP_MPROTECT:
	case VM_OP_PKEY_MPROTECT:
		return mprotect_ranges(space, call, ranges);
	case VM_OP_MUNMAP:
	case VM_OP_REMAP_FILE_PAGES:
	case VM_OP_MADVISE:
		return one(ranges, cover(call->args[0], call->args[1]));
	case VM_OP_BRK:
		return brk_ranges(space, call, finished, ranges);
	case VM_OP_MAP_SHADOW_STACK:
		if (finished && !vm_call_failed(call))
			return one(ranges, cover((uint64_t)call->result, call->args[1]));
		return finished ? 0 : one(ranges, VM_ALL_PAGES);
	case VM_OP_IO_SETUP:
	case VM_OP_IO_DESTROY:
		return aio_ranges(space, call, finished, ranges);
	case VM_OP_ARCH_PRCTL:
	case VM_OP_SHMAT:
	case VM_OP_SHMDT:
		/* Of a size that no argument tells. */
		return finished && vm_call_failed(call) ? 0 : one(ranges, VM_ALL_PAGES);
	default:
		return 0;
	}
}
