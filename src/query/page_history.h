/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QUERY_PAGE_HISTORY_H
#define QUERY_PAGE_HISTORY_H

/*
 * page_history - what changed one page, step by step, to the end of the ledger
 */

#include "audit/predicates.h"
#include "query/history.h"

/*
 * One event that changed what the page is, or what may be done to it.
 *
 * @event:  pieces and touched ranges are not kept: they are empty
 * @was, @is: is the page mapped before and after it? As what: @before and @after
 * @overhang: of a call, by the map before it
 */
struct page_step {
	struct history_event event;
	bool was, is;
	struct memory_area before, after;
	struct overhang overhang;
};

struct page_history {
	uint64_t page;
	struct page_step *steps;
	size_t n;
	size_t capacity;
};

/* Read what changed a page. Folds the view to its end. */
void page_history_read(struct page_history *history, struct ledger_view *view, uint64_t page);
/* Free the steps. */
void page_history_free(struct page_history *history);

/* Is what is there after the step another mapping than before it? */
bool page_step_mapped(const struct page_step *step);

#endif
