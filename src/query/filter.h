/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QUERY_FILTER_H
#define QUERY_FILTER_H

/*
 * filter - which events, and which areas, are wanted
 *
 * One language for every command. Conditions that were given must all hold.
 */

#include <regex.h>
#include "query/place.h"
#include "query/event_stacks.h"

/* Which events and areas are wanted. All zero: all. */
struct filter_options {
	struct place range;
	bool has_since;
	struct moment since;
	bool has_until;
	struct moment until;
	uint32_t calls; /* bits, see spec.h */
	uint32_t tid;
	bool failed;
	bool ok;
	uint64_t perm;	 /* bits of VM_PROT: all of them are there */
	uint64_t became; /* these were not there before, and are now */
	uint64_t lost;
	uint32_t kinds; /* bits, from filter_parse_kinds() */
	bool has_sizes;
	struct size_range sizes;
	const char *from;   /* regular expression, of a function in the stack */
	const char *module; /* glob, of a file in the stack, or of what is mapped */
};

struct filter {
	const struct filter_options *options;
	struct ledger_view *view;
	struct event_names *names;
	regex_t from; /* set up when the option is given */
	struct place_ranges ranges;
	uint64_t after; /* events up to this one are not wanted */
	uint64_t last;	/* nor those behind this one */
	bool kind_seen; /* of the event at hand, before it */
};

/**
 * filter_prepare() - look up the moments and places of the options
 * @moment: names of places mean what they meant then
 * @names:  names stacks, for conditions about them; NULL where there are none
 *
 * May move the fold. Return: false, with view->problem: there is no such moment or place,
 * or --from is no regular expression. Must be finished in any case.
 */
bool filter_prepare(struct filter *filter, struct ledger_view *view,
		    const struct filter_options *options, struct settled_moment moment,
		    struct event_names *names);
/* Free what filter_prepare() set up, even when it failed. */
void filter_finish(struct filter *filter);

/* Do these options let every event and area pass? Then counts of what passed need not be shown. */
bool filter_is_open(const struct filter_options *options);

/*
 * An event is asked twice: as history_visitor.begins, with the map before it, and as
 * history_visitor.visit. false: it is not wanted.
 */
bool filter_begins(struct filter *filter, const struct history_event *event);
bool filter_passes(struct filter *filter, const struct history_event *event);

/* Is this area of the map that the view is folded to wanted? */
bool filter_area(const struct filter *filter, const struct memory_area *area);

/* "anon,jit": bits for filter_options.kinds. Return: NULL, or what is wrong, as in syntax.h. */
const char *filter_parse_kinds(const char *text, uint32_t *kinds);

#endif
