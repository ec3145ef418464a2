/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMA_VM_SPACE_H
#define VMA_VM_SPACE_H

/*
 * vm_space - one Linux address space, and the fold of calls over it
 *
 * vm_apply() is the only place that knows what a call does to the map. The shim
 * runs it with a performer that makes the system call; a reader of a ledger
 * runs it with one that returns what was recorded. Both end with the same map.
 *
 *     vm_apply -> memory_set (per request) -> vm_backend -> perform -> kernel
 *                                                              or -> the record
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

/* Is all of it mapped? */
bool vm_is_mapped(const struct memory_set *set, struct addr_range range);

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

/* Have they a page in common? */
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

/**
 * vm_apply() - perform a call and change the map accordingly
 * @call:   its result is set by the performer
 * @doubts: set to the ranges that must be read back now; a replay ignores them,
 *          because the records that follow hold the answers
 *
 * The call is performed exactly once whatever happens. A call whose effect
 * can't be applied (memory was not reserved) yields a doubt.
 *
 * Return: the call's result.
 */
int64_t vm_apply(struct vm_space *space, struct vm_call *call, struct vm_doubts *doubts);

/*
 * What madvise answers that stops in a range: -EINVAL where an area refuses the advice, -ENOMEM
 * where there is no obstacle but gaps, behind which it goes on. What process_madvise answers
 * to an array of ranges says how many bytes went well, and not why.
 */
int64_t vm_advice_error(const struct vm_space *space, struct addr_range range, uint32_t advice);

/*
 * The lower edge of a stack (VM_GROWSDOWN) is elastic: the kernel moves it down on a page
 * fault, by no call, into the gap below. Whoever asks about a range that such a gap is in
 * reads the gap back first (VM_REASON_STACK); vm_apply() does so where a call touched one.
 *
 * vm_edge_next() - the next gap below a stack that @rest has a part of
 * @rest: its start moves on
 */
bool vm_edge_next(const struct memory_set *set, struct addr_range *rest, struct addr_range *gap);

/*
 * vm_ranges_to_know() - where a call does what no answer tells afterwards
 *
 * mremap takes along what a stack has grown to, and at the new place nothing tells it from
 * what was there, nor that it was a stack's; and what it lands on there it may leave in part.
 * Advice, locks and seals show in no map at all. So the gaps below stacks in these ranges are
 * read back before the call is applied.
 *
 * Return: how many of @ranges are set: 0 to 2.
 */
unsigned vm_ranges_to_know(const struct vm_call *call, struct addr_range ranges[2]);

/*
 * What a fork child has, of what its parent's map says and no map shows: locks are not
 * inherited, and wiped areas (VM_WIPEONFORK) have lost their guards. Areas that the
 * kernel did not let it inherit are found by asking.
 */
void vm_space_inherit(struct vm_space *space);

/*
 * vm_call_ranges() - what a call may have changed, or may be changing
 * @finished: false: it is under way, and its result is not known
 *
 * For calls whose place in the order is not known, and for telling what one in
 * flight explains. Page aligned; everything when it could be anywhere.
 *
 * Return: how many of @ranges are set: 0 to 2.
 */
unsigned vm_call_ranges(const struct vm_space *space, const struct vm_call *call, bool finished,
			struct addr_range ranges[2]);

/**
 * vm_replace() - what the kernel said about a range enters the map
 * @areas: sorted, inside @range, with objects of @space
 *
 * Where an area agrees with what was there in everything visible, the old
 * origin, tags and hidden attributes are kept, and only pieces that differ are
 * taken as new. @source (VM_BASELINE, VM_RESYNCED or VM_OBSERVED) is put on those.
 * VM_OBSERVED means that a call has just mapped this and only its identity was not
 * known: what is new then keeps the origin that vm_apply() gave the mapping.
 * With VM_GROWSDOWN in @source, plain memory where nothing was is a stack that has grown.
 *
 * The outcome depends on nothing but the space and the arguments, so that live and
 * replayed maps are equal. Ends of @range that are not page aligned are moved inwards.
 *
 * Return: 0, -EINVAL or -ENOBUFS.
 */
int vm_replace(struct vm_space *space, struct addr_range range, const struct memory_area *areas,
	       size_t n_areas, uint64_t source);

#endif
