/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QUERY_CRASH_STACKS_H
#define QUERY_CRASH_STACKS_H

/*
 * crash_stacks - the stacks of a crash: the fault's own, and those of the calls behind it
 */

#include "query/crash.h"
#include "query/named_stack.h"

/* Of the fault, and of the facts that a struct crash calls by these names; empty: none. */
struct crash_names {
	struct named_stack fault;
	struct named_stack made_so, mapped_by, other;
};

/**
 * crash_names_read() - name the stacks of a crash, each in the map of its moment
 *
 * The view is folded to its end already: crash_find() left it so, and nothing is folded again.
 */
void crash_names_read(struct crash_names *names, struct ledger_view *view,
		      const struct crash *crash);
/* Free the named stacks. */
void crash_names_free(struct crash_names *names);

#endif
