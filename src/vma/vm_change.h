/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMA_VM_CHANGE_H
#define VMA_VM_CHANGE_H

/*
 * vm_change - one call while its effect is being applied (private to src/vma)
 *
 * Each operation has one function that performs the call once, and then changes
 * the set or states a doubt. Where possible it goes through the set, whose
 * per-request backend performs; requests that the set would refuse, and those
 * it has no word for, are performed directly.
 *
 * Once -EOWNERDEAD was the answer, somebody else may be using the space: then
 * nothing of it is touched any more.
 */

#include <errno.h>
#include "vma/vm_space.h"

struct vm_change {
	struct vm_space *space;
	struct vm_call *call;
	struct vm_doubts *doubts;
};

/* One per operation, in the vm_apply_ files; it returns what the performer answered. */
typedef int64_t (*vm_change_fn)(struct vm_change *change);

/* Makes the call, and leaves the set as it is. Return: the kernel's answer. */
int64_t vm_change_perform(struct vm_change *change);

/* The performer's answer, from what a function of the set returned that called the backend. */
static inline int64_t vm_change_answer(const struct vm_change *change, int returned)
{
	return returned == -EOWNERDEAD ? -EOWNERDEAD : change->call->result;
}

/* Has the call been made and succeeded, and may the set be changed? */
static inline bool vm_change_succeeded(const struct vm_change *change, int64_t answer)
{
	return answer != -EOWNERDEAD && !vm_call_failed(change->call);
}

/* Adds a range that must be read back from the kernel after the call. */
void vm_change_doubt(struct vm_change *change, struct addr_range range, enum vm_reason reason);
/* Adds the whole mapping at @addr, of which no argument tells where it ends, as such a range. */
void vm_change_doubt_mapping(struct vm_change *change, uint64_t addr, enum vm_reason reason);

/* The call had its effect, but the set does not show it: all that the call may have changed is
 * doubted. */
void vm_change_unapplied(struct vm_change *change);

/*
 * Say what a range holds now: one area, or nothing. An area that is empty, as where a
 * damaged record says that a mapping was made, is unapplied.
 */
void vm_change_put(struct vm_change *change, const struct memory_area *area);
void vm_change_remove(struct vm_change *change, struct addr_range range);

/* Flags to set and to clear; what really changes is marked with the event's number. */
struct vm_marking {
	uint64_t set;
	uint64_t clear;
	uint64_t event;
};

/* A memory_set_update_fn; @context is the struct vm_marking. */
bool vm_mark_piece(struct memory_area *piece, void *context);

/* Sets and clears flags in all of @range, in the name of this call. */
void vm_change_mark(struct vm_change *change, struct addr_range range, uint64_t set,
		    uint64_t clear);

/* Does the kernel add PROT_EXEC to this prot? Not on file systems mounted noexec. */
bool vm_read_implies_exec(const struct vm_space *space, uint64_t prot);

/* May the kernel add PROT_EXEC, as far as is known? Personalities are of threads, not of spaces. */
bool vm_exec_is_unsure(const struct vm_space *space, uint64_t prot);

/*
 * Mapped by the kernel or a driver in a way that mlock passes over and guards are refused:
 * vdso, rings, hugetlb, secret memory.
 */
bool vm_area_is_special(const struct vm_space *space, const struct memory_area *area);

/* VM_IO: the vdso's data pages, but neither its code nor what else is special. */
bool vm_area_is_io(const struct vm_space *space, const struct memory_area *area);

/* What belongs to an area's pages, and not to an area that is made longer or seen twice. */
#define VM_OF_PAGES VM_GUARD

#endif
