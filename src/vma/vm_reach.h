/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VMA_VM_REACH_H
#define VMA_VM_REACH_H

/*
 * vm_reach - which pages a call is about
 *
 * One table in vm_reach.c says of each operation where its pages are (in which arguments, in
 * its result, or where only the map tells) and what it does there. Several ask, each for
 * another purpose, and each column of the table is one of these purposes:
 *
 *     changes   what a map shows there may be another      vm_call_ranges()
 *     takes     what is there may be gone, or be closed     vm_ranges_taken()
 *     edges     it ends there, perhaps in a stack's gap     vm_ranges_with_edges()
 *     hides     it does there what no map shows             vm_ranges_to_know()
 *     tells     a screen names the pages                    vm_touch.h
 *
 * All ranges are of whole pages.
 */

#include "vma/vm_space.h"

/* Where the pages of a call are. */
enum vm_place {
	VM_PLACE_NONE,
	VM_PLACE_GIVEN,	  /* in two arguments, an address and a length */
	VM_PLACE_STACK,	  /* the same, and with PROT_GROWSDOWN from the stack's start on */
	VM_PLACE_MAPPED,  /* mmap: in the result; with MAP_FIXED in the arguments */
	VM_PLACE_MOVED,	  /* mremap: an old place, and a new one that may be in the result */
	VM_PLACE_BREAK,	  /* between the break as it was and as it is to be */
	VM_PLACE_RING,	  /* at an address in an argument, of a size that the ring's object has */
	VM_PLACE_SEGMENT, /* at an address in an argument (shmdt) or the result (shmat) */
	VM_PLACE_RESULT,  /* at the result, of a length in an argument */
	VM_PLACE_ALL,	  /* everywhere */
	VM_PLACE_UNTOLD,  /* somewhere */
};

/* What a call does to its pages. */
#define VM_REACH_CHANGES 0x01u
#define VM_REACH_TAKES	 0x02u
#define VM_REACH_EDGES	 0x04u
#define VM_REACH_HIDES	 0x08u
#define VM_REACH_TELLS	 0x10u

/*
 * @place: see above
 * @addr:  the argument that holds the address, where one does
 * @len:   the argument that holds the length, where one does
 * @does:  VM_REACH_
 */
struct vm_reach {
	enum vm_place place;
	uint8_t addr;
	uint8_t len;
	uint8_t does;
};

/* The row of a call. Where its arguments say that it is about no pages (prctl): of none. */
const struct vm_reach *vm_reach_of_call(const struct vm_call *call);

/* All pages that arguments name, both ends moved outwards; empty when no page can be there. */
struct addr_range vm_range_given(const struct vm_call *call);

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
 * vm_ranges_taken() - what a call may take away, or close, before it is made
 * @brk: the break as it is
 *
 * For whoever keeps something about memory that must be forgotten with it.
 *
 * Return: how many of @ranges are set: 0 to 2.
 */
unsigned vm_ranges_taken(const struct vm_call *call, uint64_t brk, struct addr_range ranges[2]);

/*
 * vm_ranges_with_edges() - what a call replaces, removes or shows otherwise, before it is made
 *
 * Only what the kernel would accept: unlike the others, a range whose start is not page aligned is
 * empty. Where it begins and ends is what counts; of a segment only the start is known.
 *
 * Return: how many of @ranges are set; some may be empty.
 */
#define VM_EDGE_RANGES_MAX 3
unsigned vm_ranges_with_edges(const struct vm_space *space, const struct vm_call *call,
			      struct addr_range ranges[VM_EDGE_RANGES_MAX]);

/*
 * vm_call_ranges() - what a call may have changed, or may be changing
 * @finished: false: it is under way, and its result is not known
 *
 * For calls whose place in the order is not known, and for telling what one in
 * flight explains. Only what can be seen in a map: neither locks nor seals nor labels.
 * Everything when it could be anywhere.
 *
 * Return: how many of @ranges are set: 0 to 2.
 */
unsigned vm_call_ranges(const struct vm_space *space, const struct vm_call *call, bool finished,
			struct addr_range ranges[2]);

#endif
