/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QUERY_BIOGRAPHY_H
#define QUERY_BIOGRAPHY_H

/*
 * biography - everything that happened to a range of pages
 *
 * One fact for each event that changed the pages or was about them. Memory that
 * mremap brought there is followed to where it was before: what happened at the
 * old place is part of the biography, up to the move.
 */

#include "audit/predicates.h"
#include "query/history.h"
#include "query/named_stack.h"

enum fact_kind {
	FACT_THERE, /* was there when recording began, or what is left of it */
	FACT_MAPPED,
	FACT_REPLACED, /* mapped over what was there */
	FACT_CHANGED,
	FACT_UNMAPPED,
	FACT_MOVED_IN,	/* by mremap, from @other */
	FACT_MOVED_OUT, /* by mremap, to @other */
	FACT_ADVISED,	/* madvise and others that the map does not show */
	FACT_REFUSED,	/* failed, and changed nothing */
	FACT_NOTHING,	/* succeeded, and changed nothing */
	FACT_READ_BACK, /* the kernel had something else than was known */
	FACT_IN_FLIGHT, /* begun, not finished */
	FACT_FAULT,	/* the program crashed here */
	FACT_KIND_COUNT,
};

/* "changed", "moved in", ...: the word for a kind of fact. */
const char *fact_kind_name(enum fact_kind kind);

#define FACT_PERM_SIZE 24

/* What a page is to the program: memory held back from use is not mapped. @area: when mapped. */
struct page_state {
	bool mapped;
	struct memory_area area;
};

/*
 * @number:  of the call, or of the last one before
 * @call:    only of facts about calls
 * @where:   the pages at hand that it is about
 * @before, @after: "rw-p", as effect_perms()
 * @was, @is: the first of the pages that were asked about, before and after the event
 * @overhang: of a call, by the map before it
 * @what:    name of what is, or was, mapped: "libc.so.6", "-" for anonymous
 * @other:   FACT_MOVED_IN, FACT_MOVED_OUT: the place that corresponds to @where.start
 * @reason:  FACT_READ_BACK and calls whose effect was read back: enum vm_reason
 * @stack:   of the call, or NULL: stack_name_placed() names it
 * @checked: FACT_READ_BACK: found by a comparison right after a call
 */
struct fact {
	enum fact_kind kind;
	bool has_call;
	bool checked;
	uint8_t reason;
	uint64_t number;
	uint64_t ticks;
	struct vm_call call;
	struct addr_range where;
	char before[FACT_PERM_SIZE];
	char after[FACT_PERM_SIZE];
	struct page_state was, is;
	struct overhang overhang;
	char what[64];
	uint64_t other;
	struct placed_stack *stack;
};

/*
 * @range:   of pages; what they are about changes where memory was moved
 * @n_lost:  facts of long ago that were not kept
 */
struct biography {
	struct addr_range range;
	struct fact *facts; /* oldest first */
	size_t n;
	size_t capacity;
	uint64_t n_lost;
};

/**
 * biography_read() - what happened to some pages, up to a moment
 * @range: whole pages
 * @until: what is recorded behind the last call before it counts, up to the next call
 *
 * Folds the view once, and once more for each move that is followed; afterwards it is
 * folded to the moment. @biography is overwritten, and must be freed.
 */
void biography_read(struct ledger_view *view, struct addr_range range, struct settled_moment until,
		    struct biography *biography);

/**
 * biography_read_changes() - what changed one page, to the end of the ledger
 * @page: its address
 *
 * Only events that put something else there, took it away or changed what may be done to
 * it are kept; a fault is none. Moves are not followed. Folds the view once, to its end.
 * @biography is overwritten, and must be freed.
 */
void biography_read_changes(struct ledger_view *view, uint64_t page, struct biography *biography);
/* Free the facts and their stacks, not the struct. */
void biography_free(struct biography *biography);

/* Is the page another mapping after the event than before it? */
bool fact_mapped_page(const struct fact *fact);

/*
 * How many bytes of a call's length lie in the last page at hand, which was taken because
 * lengths are rounded up to whole pages; 0: it was not. @asked and @got: the length as it
 * was given, and rounded; set when the call has one.
 */
uint64_t fact_rounding(const struct fact *fact, uint64_t *asked, uint64_t *got);

#endif
