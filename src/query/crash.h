/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QUERY_CRASH_H
#define QUERY_CRASH_H

/*
 * crash - why a fault happened, found in the history of its page
 *
 * Nothing is worded here: what is found is facts, for the screen and for JSON.
 */

#include "query/biography.h"

/* What kind of sentence explains it. One row each in crash_text.c. */
enum crash_kind {
	CRASH_REFUSED,	      /* mapped, without the permission it takes */
	CRASH_GUARD_REGION,   /* MADV_GUARD_INSTALL, which maps does not show */
	CRASH_KEY,	      /* a protection key denies it */
	CRASH_STACK_OVERFLOW, /* below a stack */
	CRASH_UNMAPPED,	      /* nothing there, but there was */
	CRASH_NULL,	      /* nothing there, and so low that a pointer was null */
	CRASH_NEVER,	      /* nothing there, and there never was */
	CRASH_PAST_END,	      /* of the file: SIGBUS */
	CRASH_BUS,	      /* another SIGBUS */
	CRASH_NO_ADDRESS,     /* the kernel gave none: not an address a process can have */
	CRASH_SENT,	      /* by a process */
	CRASH_ALLOWED,	      /* the map says that it may be done */
	CRASH_KIND_COUNT,
};

/* A rule that explains how it came about. One row each in crash_text.c. */
enum crash_hint {
	CRASH_NO_HINT,
	CRASH_OVERHANG,	      /* P01: the length's last bytes reached this page */
	CRASH_STOPPED_SHORT,  /* P02: the call before it ended one page below */
	CRASH_PARTIAL,	      /* P03: the call failed, and changed this page before it did */
	CRASH_DOUBLE_UNMAP,   /* U01: the range had been unmapped before */
	CRASH_UNMAP_OVERHANG, /* U03: the length's last bytes reached this page */
	CRASH_CLOBBERED,      /* U04: MAP_FIXED took the place of what was there */
	CRASH_USED_AFTER,     /* U06 */
	CRASH_REUSED,	      /* U07: another mapping has taken the place */
	CRASH_UNLOADED,	      /* U10: code that was there has been unmapped */
	CRASH_HINT_COUNT,
};

/*
 * Facts lie in @history, but @other of CRASH_STOPPED_SHORT in @history_below; NULL: none.
 *
 * @page:       that the access was to
 * @history:    what changed it; @history_below: what changed the page below, if that was asked
 * @mapped:     is anything there at the fault? Then @area says what.
 * @held:       unmapped by the program, and kept from use by --hold-unmapped
 * @made_so:    took away what the access takes: changed, unmapped or replaced it
 * @mapped_by:  mapped what was there, or was there last
 * @before:     the area that allowed the access, before @made_so; NULL: none did
 * @other:      what the hint is about: the earlier call
 * @unseen:     @made_so is a change that no call was seen for
 * @below, @above: the nearest areas when nothing is mapped, if there are any
 * @stack:      CRASH_STACK_OVERFLOW: the stack above the page
 */
struct crash {
	const struct ledger_fault *fault;
	uint64_t page;
	struct biography history, history_below;
	enum crash_kind kind;
	enum crash_hint hint;
	bool mapped;
	bool held;
	bool unseen;
	struct memory_area area;
	const struct fact *made_so;
	const struct fact *mapped_by;
	const struct fact *other;
	const struct memory_area *before;
	struct memory_area below, above, stack;
	bool has_below, has_above;
};

/*
 * Find why the program crashed; its ledger must hold a fault. The view is folded to its
 * end, and stays so. @crash is overwritten, and must be freed.
 */
void crash_find(struct crash *crash, struct ledger_view *view);
/* Free the histories that the facts lie in. */
void crash_free(struct crash *crash);

/* The permission that the access took: VM_READ, VM_WRITE, VM_EXEC, or 0 when it is not known. */
uint64_t crash_needs(const struct crash *crash);

#endif
