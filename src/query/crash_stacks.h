/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QUERY_CRASH_STACKS_H
#define QUERY_CRASH_STACKS_H

/*
 * crash_stacks - the stacks of a crash: the fault's own, and those of the calls behind it
 */

#include "query/crash.h"
#include "query/event_stacks.h"

#define CRASH_STACKS 4

struct crash_names {
	struct named_stack fault;
	struct event_stack stacks[CRASH_STACKS];
	size_t n;
};

/**
 * crash_names_read() - name the stacks of a crash, each in the map of its moment
 *
 * The view is folded to its end, before and after.
 */
void crash_names_read(struct crash_names *names, struct ledger_view *view,
		      const struct crash *crash);
/* Free the named stacks. */
void crash_names_free(struct crash_names *names);

#endif
