/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUDIT_PREDICATES_H
#define AUDIT_PREDICATES_H

/*
 * predicates - what rules mean by an overhang, a second munmap, a call that failed half-way
 *
 * The audit asks them about every call; who explains a crash asks them about the call that
 * made a page what it was at the fault. Both ask here, so that they can't disagree.
 */

#include "vma/vm_space.h"

/*
 * The last page that a length reaches when it is rounded up to whole pages (P01, U03).
 *
 * @rest:         bytes of the length in that page; 0: the length is of whole pages
 * @page:         that page
 * @first_origin: the event that had mapped the first of the call's pages that was mapped
 * @last_origin:  the event that had mapped @page; either is 0 when that is not known
 * @is_last:      @page was the last of its mapping
 */
struct overhang {
	uint64_t rest;
	uint64_t page;
	uint64_t first_origin;
	uint64_t last_origin;
	bool is_last;
};

/* Finds the overhang of an munmap or mprotect, by the map before it. No @rest: another call. */
struct overhang overhang_of_call(const struct vm_space *before, const struct vm_call *call);

enum overhang_kind {
	/* None: the length is of whole pages, or ends where the mapping does that it began in. */
	OVERHANG_NONE,
	/*
	 * The page belongs to the same mapping, which goes on behind it, or nobody knows to which.
	 * The program may have meant it: it is an error when an access to it fails for that.
	 */
	OVERHANG_OWN,
	/* The page belongs to the mapping of another call: an error in any case. */
	OVERHANG_FOREIGN,
};

enum overhang_kind overhang_kind(const struct overhang *overhang);

/* Was @second, an munmap, made by the thread and for the range of @first? (U01) */
bool unmap_is_repeated(const struct vm_call *first, const struct vm_call *second);

/* Has a call failed that changed @n_pages before it did? (P03) */
bool protect_is_partial(const struct vm_call *call, uint64_t n_pages);

/* Does the call, when it is made, take the place of whatever is in its range? (U04) */
bool call_takes_place(const struct vm_call *call);

#endif
