/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMA_VM_SPACE_H
#define VMA_VM_SPACE_H

/*
 * vm_space - one Linux address space: its areas, the files they show, its break and stack
 *
 * vm_apply() changes it as a call does, vm_replace() as the kernel says it is.
 */

#include <stdbool.h>
#include <stdint.h>
#include <memory_set/memory_set.h>
#include "vma/vm_call.h"
#include "vma/vm_flags.h"
#include "vma/vm_object.h"

/*
 * Makes the call, once, and returns the kernel's answer. -EOWNERDEAD (which no
 * memory call returns) means: made, but the caller lost its right to record it;
 * then nothing is changed.
 */
typedef int64_t (*vm_perform_fn)(void *context, struct vm_call *call);

struct vm_backend {
	struct mapping_backend backend;
	vm_perform_fn perform;
	void *context;
};

/*
 * What a call may have done to attributes that no map shows, for the answers to its doubts
 * to tell. Empty ranges: nothing.
 *
 * @moved:    of a move that failed: what is gone from here has been moved
 * @distance: by so much
 * @unlocked: the kernel's areas that meet this are not locked any more, all of them
 */
struct vm_aftermath {
	struct addr_range moved;
	uint64_t distance;
	struct addr_range unlocked;
	uint64_t event;
};

/*
 * @start_brk, @brk: the heap's limits as the kernel keeps them, unrounded; 0: not known
 * @start_stack:     the kernel's mm->start_stack; 0: not known
 * @personality:     of the thread that changed it last; to the fold READ_IMPLIES_EXEC matters,
 *                   to the audit ADDR_NO_RANDOMIZE
 * @exec_is_unsure:  some thread had READ_IMPLIES_EXEC: what is readable is asked about
 * @new_flags:       what mlockall(MCL_FUTURE) puts on every new area: VM_LOCKED or nothing
 * @aftermath:       of the last call
 * @n_unapplied:     calls whose effect did not get into the set: memory was short, or the
 *                   result makes no sense (in a damaged record)
 */
struct vm_space {
	struct memory_set *set;
	struct vm_objects objects;
	struct vm_backend backend;
	uint64_t start_brk;
	uint64_t brk;
	uint64_t start_stack;
	uint32_t personality;
	bool exec_is_unsure;
	uint64_t new_flags;
	struct vm_aftermath aftermath;
	uint64_t n_unapplied;
};

/* Is the main thread's stack in this area? As vma_is_initial_stack(): the end is inclusive there,
 * too. */
static inline bool vm_has_main_stack(const struct vm_space *space, const struct memory_area *area)
{
	return space->start_stack != 0 && area->range.start <= space->start_stack &&
	       space->start_stack <= area->range.end;
}

/* Why a range is read back from the kernel. Part of the ledger's format. */
enum vm_reason {
	VM_REASON_NONE = 0,
	VM_REASON_BASELINE = 1,	   /* recording begins */
	VM_REASON_CHECKPOINT = 2,  /* the state so far, repeated */
	VM_REASON_IDENTITY = 3,	   /* which file, inode and offset a new mapping shows */
	VM_REASON_FAILED = 4,	   /* a failed call may have had an effect */
	VM_REASON_EFFECT = 5,	   /* the effect can't be known from the arguments */
	VM_REASON_UNORDERED = 6,   /* calls raced outside the lock */
	VM_REASON_NESTED = 7,	   /* a signal handler's call met the call it interrupted */
	VM_REASON_STACK = 8,	   /* the kernel moved a stack's lower edge */
	VM_REASON_FORK = 9,	   /* a child's map differs from what its parent's was */
	VM_REASON_OWN = 10,	   /* mapledger's own memory */
	VM_REASON_UNOBSERVED = 11, /* a difference nobody saw being made */
	VM_REASON_FAULT = 12,	   /* the page that a fatal fault was about */
	VM_REASON_COUNT,
};

/* Have two ranges a page in common? */
static inline bool vm_ranges_meet(struct addr_range a, struct addr_range b)
{
	return a.start < b.end && b.start < a.end;
}

const char *vm_reason_name(unsigned reason);

/* What vm_replace() is told about an answer that was asked for with this reason. */
uint64_t vm_reason_source(unsigned reason);

/*
 * Ranges that must be asked from the kernel after a call.
 *
 * @whole: all of the kernel's area that the range lies in is asked about, because where it
 *         begins or ends is not known (a System V segment, the ring of io_setup) or matters
 *
 * Under VM_REASON_IDENTITY the mapping may turn out to be larger than the range:
 * a System V segment's size and a hugetlbfs file's page size are not known. So
 * the answer should run to the end of the kernel's area that holds the range's
 * last page.
 */
#define VM_DOUBTS_MAX 8

struct vm_doubt {
	struct addr_range range;
	enum vm_reason reason;
	bool whole;
};

struct vm_doubts {
	unsigned n;
	struct vm_doubt doubt[VM_DOUBTS_MAX];
};

/* How many areas one vm_apply() or one vm_resync of an area can add. */
#define VM_APPLY_GROWTH 8

/**
 * vm_space_init() - an empty space
 * @perform: makes the calls; NULL: calls are replayed, each returns its own result
 *
 * Return: 0 or -ENOMEM.
 */
int vm_space_init(struct vm_space *space, const struct ml_allocator *allocator,
		  vm_perform_fn perform, void *context);
void vm_space_finish(struct vm_space *space);

/* Memory for one vm_apply() and for @n_areas read back. Return: 0 or -ENOMEM. */
int vm_space_reserve(struct vm_space *space, size_t n_areas);

/*
 * What a fork child has, of what its parent's map says and no map shows: locks are not
 * inherited, and wiped areas (VM_WIPEONFORK) have lost their guards. Areas that the
 * kernel did not let it inherit are found by asking.
 */
void vm_space_inherit(struct vm_space *space);

#endif
