/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What munmap and mprotect do to the map: both work on a whole range, and pass over gaps or
 * stop at them
 */

#include "base/mutation.h"
#include "vma/vm_abi.h"
#include "vma/vm_apply_range.h"
#include "vma/vm_change.h"
#include "vma/vm_size.h"

/* --------------------------------------------------------------------- munmap */

int64_t vm_change_munmap(struct vm_change *change)
{
	struct vm_call *call = change->call;
	struct addr_range range = vm_pages(call->args[0], call->args[1]);
	int returned;

	if (ML_MUTATED(MUNMAP_ROUNDS_DOWN))
		range = vm_pages(call->args[0], vm_page_down(call->args[1]));
	if (vm_range_is_empty(range))
		return vm_change_perform(change);
	returned = memory_set_unmap(change->space->set, range, call);
	return vm_change_answer(change, returned);
}

/* ------------------------------------------------------------------- mprotect */

/*
 * What can only be executed gets a key of the kernel's own, which it gives back later.
 * arch/x86/mm/pkeys.c: __arch_override_mprotect_pkey()
 */
static bool is_execute_only(uint64_t prot)
{
	return (prot & ~(uint64_t)(PROT_GROWSDOWN | PROT_GROWSUP)) == PROT_EXEC;
}

/* A pkey of -1 means what mprotect means: the area keeps the key it has. */
static struct vm_marking wanted_protection(const struct vm_change *change)
{
	const struct vm_call *call = change->call;
	struct vm_marking to = {
		.set = vm_flags_from_prot(call->args[2]),
		.clear = VM_PROT,
		.event = call->event,
	};

	if (vm_read_implies_exec(change->space, call->args[2]))
		to.set |= VM_EXEC;
	if (call->op == VM_OP_PKEY_MPROTECT && (int32_t)call->args[3] >= 0) {
		to.set |= (uint64_t)(call->args[3] & 0xff) << VM_PKEY_SHIFT;
		to.clear |= VM_PKEY_MASK;
	} else if (is_execute_only(call->args[2])) {
		to.clear |= VM_PKEY_MASK;
	}
	return to;
}

/*
 * EINVAL is about the arguments, unless they are in order: then an area was met
 * that can't be split (a part of the vdso, of a huge page), after others were changed.
 */
static bool is_refused_at_once(const struct vm_call *call)
{
	const uint64_t known = PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM | PROT_GROWSDOWN;

	return call->result == -EINVAL && (call->args[2] & ~known) != 0;
}

/* On a failure everything before the place where it stopped is changed already. */
static void doubt_protect(struct vm_change *change, struct addr_range range)
{
	const struct vm_call *call = change->call;
	uint64_t prot = call->args[2];
	bool failed = vm_call_failed(call);

	if (ML_MUTATED(MPROTECT_FAILURE_IGNORED) && failed)
		return;
	if (ML_MUTATED(GROWSDOWN_LITERAL))
		prot &= ~(uint64_t)PROT_GROWSDOWN;
	if (prot & PROT_GROWSDOWN)
		range.start = vm_stack_start(change->space->set, range.start);
	else if (!failed && !(prot & PROT_GROWSUP) && !vm_exec_is_unsure(change->space, prot))
		return;
	if (!is_refused_at_once(call))
		vm_change_doubt(change, range, failed ? VM_REASON_FAILED : VM_REASON_EFFECT);
}

int64_t vm_change_mprotect(struct vm_change *change)
{
	struct vm_call *call = change->call;
	struct addr_range range = vm_pages(call->args[0], call->args[1]);
	struct vm_marking to = wanted_protection(change);
	int returned;

	/* A length of 0 succeeds, even where nothing is mapped. */
	if (vm_range_is_empty(range))
		return vm_change_perform(change);
	returned = memory_set_protect(change->space->set, range, to.set, vm_mark_piece, &to, call);
	if (returned != -EOWNERDEAD)
		doubt_protect(change, range);
	return vm_change_answer(change, returned);
}
