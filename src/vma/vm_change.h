/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMA_VM_CHANGE_H
#define VMA_VM_CHANGE_H

/*
 * vm_change - one call on its way through the fold (private to src/vma)
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

typedef int64_t (*vm_change_fn)(struct vm_change *change);

/* One per operation; each returns what the performer answered. */
int64_t vm_change_mmap(struct vm_change *change);
int64_t vm_change_munmap(struct vm_change *change);
int64_t vm_change_mprotect(struct vm_change *change);
int64_t vm_change_madvise(struct vm_change *change);
int64_t vm_change_mseal(struct vm_change *change);
int64_t vm_change_mlock(struct vm_change *change);
int64_t vm_change_mlockall(struct vm_change *change);
int64_t vm_change_mremap(struct vm_change *change);
int64_t vm_change_shmat(struct vm_change *change);
int64_t vm_change_shmdt(struct vm_change *change);
int64_t vm_change_io_setup(struct vm_change *change);
int64_t vm_change_io_destroy(struct vm_change *change);
int64_t vm_change_prctl(struct vm_change *change);
int64_t vm_change_arch_prctl(struct vm_change *change);
int64_t vm_change_personality(struct vm_change *change);
int64_t vm_change_map_shadow_stack(struct vm_change *change);

/* Perform without the set. */
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

void vm_change_doubt(struct vm_change *change, struct addr_range range, enum vm_reason reason);
/* The whole mapping at @addr, whose ends nothing tells. */
void vm_change_doubt_mapping(struct vm_change *change, uint64_t addr, enum vm_reason reason);

/* The effect is known to have happened, but is not in the set: doubt what it touched. */
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

/* By this call, in all of @range. */
void vm_change_mark(struct vm_change *change, struct addr_range range, uint64_t set,
		    uint64_t clear);

/* The pages of [addr, addr + len) as munmap and mprotect see them; empty when they refuse it. */
struct addr_range vm_pages(uint64_t addr, uint64_t len);

static inline bool vm_range_is_empty(struct addr_range range)
{
	return range.start >= range.end;
}

/* The size of what mmap makes, rounded up to (huge) pages; 0 when it makes nothing. */
uint64_t vm_mmap_size(const struct vm_call *call);

/* log2 of the size of a huge page that the map_flags ask for, or 0. */
unsigned vm_mmap_huge_shift(uint64_t map_flags);

/* Where PROT_GROWSDOWN may start: below all that may be one stack with @addr. */
uint64_t vm_stack_start(const struct memory_set *set, uint64_t addr);

/* Where what lies below @addr ends; 0: nothing does. */
uint64_t vm_end_below(const struct memory_set *set, uint64_t addr);

/*
 * Gaps below stacks that a call touches: before it is made. What grew there must be
 * asked about after it.
 *
 * Return: how many of @gaps are set.
 */
#define VM_STACK_GAPS_MAX 6
unsigned vm_stack_gaps(const struct vm_space *space, const struct vm_call *call,
		       struct addr_range gaps[VM_STACK_GAPS_MAX]);

/* Does the kernel add PROT_EXEC to this prot? Not on file systems mounted noexec. */
bool vm_read_implies_exec(const struct vm_space *space, uint64_t prot);

/* May it add PROT_EXEC, for all we know? The personality is a thread's own, the space is not. */
bool vm_exec_is_unsure(const struct vm_space *space, uint64_t prot);

/* The size that the ring at @addr (io_setup) had when it was made; 0: not known. */
uint64_t vm_ring_size(const struct vm_space *space, uint64_t addr);
/* Of all that were ever seen: for a place where several may be. */
uint64_t vm_largest_ring(const struct vm_objects *objects);

/*
 * Mapped by the kernel or a driver in a way that mlock passes over and guards are refused:
 * vdso, rings, hugetlb, secret memory.
 */
bool vm_area_is_special(const struct vm_space *space, const struct memory_area *area);

/* VM_IO: the vdso's data pages, but neither its code nor what else is special. */
bool vm_area_is_io(const struct vm_space *space, const struct memory_area *area);

/* vm_apply_mremap.c: memory for moving what @range holds; false: there is none. */
bool vm_pieces_reserve(struct memory_set *set, struct addr_range range);
/* What @from holds is at @to afterwards, too; the two don't meet. Return: 0 or an error. */
int vm_pieces_move(struct memory_set *set, struct addr_range from, uint64_t to, uint64_t event);

/*
 * vm_aftermath.c: for vm_replace(), about an answer to a doubt. In @gap there is nothing, and
 * what was there is still in the set; @area is one of the kernel's, and in the set. That was
 * the answer about @range: what is gone later has not been moved.
 */
void vm_aftermath_gap(struct vm_space *space, struct addr_range gap);
void vm_aftermath_area(struct vm_space *space, struct addr_range area);
void vm_aftermath_answered(struct vm_space *space, struct addr_range range);

/* What belongs to an area's pages, and not to an area that is made longer or seen twice. */
#define VM_OF_PAGES VM_GUARD

#endif
