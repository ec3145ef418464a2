/* SPDX-License-Identifier: Apache-2.0 */

/*
 * vm_apply - what a call does to the map
 */

#include "base/mutation.h"
#include "vma/vm_abi.h"
#include "vma/vm_apply.h"
#include "vma/vm_apply_advice.h"
#include "vma/vm_apply_mmap.h"
#include "vma/vm_apply_mremap.h"
#include "vma/vm_apply_process.h"
#include "vma/vm_apply_range.h"
#include "vma/vm_apply_shm.h"
#include "vma/vm_change.h"
#include "vma/vm_size.h"
#include "vma/vm_stack_gaps.h"

/* ------------------------------------------------------------------------ brk */

static void grow_heap(struct vm_change *change, struct addr_range range)
{
	const struct memory_area area = {
		.range = range,
		.flags = VM_READ | VM_WRITE | VM_HEAP | change->space->new_flags |
			 (vm_read_implies_exec(change->space, PROT_READ) ? VM_EXEC : 0),
		.offset = MEMORY_AREA_NO_OFFSET,
		.origin = change->call->event,
	};

	vm_change_put(change, &area);
	if (change->space->exec_is_unsure)
		vm_change_doubt(change, range, VM_REASON_EFFECT);
}

/*
 * The answer is the break as it is now; there is no error. Only whole pages are
 * mapped, and shrinking unmaps whatever is in the way, the heap's or not.
 */
static void move_break(struct vm_change *change, uint64_t old_brk, uint64_t new_brk)
{
	uint64_t old_end = vm_page_up(old_brk);
	uint64_t new_end = vm_page_up(new_brk);

	if (ML_MUTATED(HEAP_PROT_RESET) && old_end < new_end)
		old_end = vm_page_up(change->space->start_brk);
	if (old_end < new_end)
		grow_heap(change, (struct addr_range){ old_end, new_end });
	else if (!ML_MUTATED(BRK_SPARES_OTHERS) ||
		 memory_set_find_from(change->space->set, new_end)->flags & VM_HEAP)
		vm_change_remove(change, (struct addr_range){ new_end, old_end });
}

/* Somebody has moved the break behind our back: either way round. */
static void doubt_between(struct vm_change *change, uint64_t a, uint64_t b)
{
	struct addr_range range = { vm_page_up(a < b ? a : b), vm_page_up(a < b ? b : a) };

	vm_change_doubt(change, range, VM_REASON_EFFECT);
}

static int64_t change_brk(struct vm_change *change)
{
	struct vm_space *space = change->space;
	uint64_t old_brk = space->brk;
	uint64_t asked = change->call->args[0];
	int64_t answer = vm_change_perform(change);
	uint64_t new_brk = (uint64_t)answer;

	if (!vm_change_succeeded(change, answer))
		return answer;
	space->brk = new_brk;
	if (old_brk == 0 || new_brk == old_brk)
		return answer;
	if (new_brk == asked)
		move_break(change, old_brk, new_brk);
	else
		doubt_between(change, old_brk, new_brk);
	return answer;
}

/* ----------------------------------------------------------- remap_file_pages */

/*
 * The new mapping may be refused after the old one is gone: huge pages are, for their offset,
 * with the EINVAL that a call gets at once where it makes no sense.
 */
static void doubt_refusal(struct vm_change *change, struct addr_range range)
{
	const struct memory_area *area = memory_set_find(change->space->set, range.start);

	if (change->call->result != -EINVAL || (area != NULL && (area->flags & VM_HUGE_MASK)))
		vm_change_doubt(change, range, VM_REASON_FAILED);
}

/*
 * Emulated by the kernel since Linux 4.0: mmap over the range with the first
 * area's file and protection. Both arguments are rounded down.
 */
static int64_t change_remap_file_pages(struct vm_change *change)
{
	const uint64_t *args = change->call->args;
	uint64_t start = vm_page_down(args[0]);
	struct addr_range range = { start, start + vm_page_down(args[1]) };
	int64_t answer = vm_change_perform(change);
	const struct memory_area *old;
	struct memory_area area;

	if (answer == -EOWNERDEAD || vm_range_is_empty(range))
		return answer;
	if (vm_call_failed(change->call)) {
		doubt_refusal(change, range);
		return answer;
	}
	vm_change_doubt(change, range, VM_REASON_EFFECT);
	old = memory_set_find(change->space->set, range.start);
	if (old == NULL)
		return answer;
	area = *old;
	area.range = range;
	/* Advice, guards and the key were the old mapping's; its lock is asked for again. */
	area.flags &= ~(VM_DONTFORK | VM_WIPEONFORK | VM_PKEY_MASK | VM_OF_PAGES);
	if (!vm_area_is_special(change->space, &area))
		area.flags |= change->space->new_flags;
	area.offset = args[3] * VM_PAGE_SIZE;
	area.origin = change->call->event;
	area.tag[VM_TAG_CHANGED] = 0;
	vm_change_put(change, &area);
	return answer;
}

/* ----------------------------------------------------------------------- fold */

static const vm_change_fn changes[VM_OP_COUNT] = {
	[VM_OP_NONE] = vm_change_perform,
	[VM_OP_MMAP] = vm_change_mmap,
	[VM_OP_MUNMAP] = vm_change_munmap,
	[VM_OP_MPROTECT] = vm_change_mprotect,
	[VM_OP_PKEY_MPROTECT] = vm_change_mprotect,
	[VM_OP_MREMAP] = vm_change_mremap,
	[VM_OP_BRK] = change_brk,
	[VM_OP_SHMAT] = vm_change_shmat,
	[VM_OP_SHMDT] = vm_change_shmdt,
	[VM_OP_REMAP_FILE_PAGES] = change_remap_file_pages,
	[VM_OP_MADVISE] = vm_change_madvise,
	[VM_OP_FORK] = vm_change_perform,
	[VM_OP_EXEC] = vm_change_perform,
	[VM_OP_EXECVEAT] = vm_change_perform,
	[VM_OP_EXIT] = vm_change_perform,
	[VM_OP_MSEAL] = vm_change_mseal,
	[VM_OP_MLOCK] = vm_change_mlock,
	[VM_OP_MLOCK2] = vm_change_mlock,
	[VM_OP_MUNLOCK] = vm_change_mlock,
	[VM_OP_MLOCKALL] = vm_change_mlockall,
	[VM_OP_MUNLOCKALL] = vm_change_mlockall,
	[VM_OP_PROCESS_MADVISE] = vm_change_perform,
	[VM_OP_PRCTL] = vm_change_prctl,
	[VM_OP_IO_SETUP] = vm_change_io_setup,
	[VM_OP_IO_DESTROY] = vm_change_io_destroy,
	[VM_OP_ARCH_PRCTL] = vm_change_arch_prctl,
	[VM_OP_MAP_SHADOW_STACK] = vm_change_map_shadow_stack,
	[VM_OP_PERSONALITY] = vm_change_personality,
};

/* Memory is short: the program's call goes on all the same. */
static int64_t perform_blindly(struct vm_change *change)
{
	int64_t answer = vm_change_perform(change);

	if (answer == -EOWNERDEAD)
		return answer;
	vm_change_unapplied(change);
	if (change->call->op == VM_OP_BRK && !vm_call_failed(change->call))
		change->space->brk = (uint64_t)answer;
	return answer;
}

/*
 * The gaps come before the call's own doubts, so that what a stack has grown to is not taken
 * for something else. But what has just been mapped there must be known first; and where a
 * half-done mremap took things is for the answers to its own doubts to tell.
 */
static void doubt_gaps(struct vm_change *change, const struct addr_range *gaps, unsigned n)
{
	struct vm_doubts own = *change->doubts;
	bool own_first = change->call->op == VM_OP_MREMAP ||
			 (own.n > 0 && own.doubt[0].reason == VM_REASON_IDENTITY);

	if (!own_first)
		change->doubts->n = 0;
	for (unsigned i = 0; i < n; i++)
		vm_change_doubt(change, gaps[i], VM_REASON_STACK);
	for (unsigned i = 0; i < own.n && !own_first && change->doubts->n < VM_DOUBTS_MAX; i++)
		change->doubts->doubt[change->doubts->n++] = own.doubt[i];
}

int64_t vm_apply(struct vm_space *space, struct vm_call *call, struct vm_doubts *doubts)
{
	struct vm_change change = { space, call, doubts };

	struct addr_range gaps[VM_STACK_GAPS_MAX];
	unsigned n_gaps;
	int64_t answer;

	doubts->n = 0;
	space->aftermath = (struct vm_aftermath){ 0 };
	if (memory_set_reserve(space->set, VM_APPLY_GROWTH) < 0)
		return perform_blindly(&change);
	n_gaps = vm_stack_gaps(space, call, gaps);
	answer = changes[call->op < VM_OP_COUNT ? call->op : VM_OP_NONE](&change);
	if (n_gaps > 0 && answer != -EOWNERDEAD)
		doubt_gaps(&change, gaps, n_gaps);
	return answer;
}
