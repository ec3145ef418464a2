/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_WHY_H
#define CLI_WHY_H

/*
 * why - one place at one moment, and all that is known of it
 */

#include "cli/options/command.h"
#include "cli/text/json.h"
#include "query/biography.h"
#include "query/event_stacks.h"

struct why_options {
	struct common_options common;
	struct place place; /* the first operand */
	bool area;
	uint64_t tail; /* only so many events, when has_tail */
	bool has_tail;
	bool all;
	bool stacks;
};

/*
 * One place at one moment.
 *
 * @point: the address that was asked for; 0: it was no single address
 * @area:  what lies there; a range of 0: nothing
 */
struct why {
	struct ledger_view *view;
	const struct why_options *options;
	struct json *json;
	struct settled_moment at;
	uint64_t last; /* event */
	uint64_t point;
	struct addr_range range;
	struct memory_area area;
	struct biography biography;
	struct event_stack *stacks; /* of the facts that are shown */
	size_t n_stacks;
	struct named_stack fault_stack;
};

/* The last fact of a kind, or NULL. */
const struct fact *why_last_fact(const struct biography *biography, enum fact_kind kind);

/* Does one area hold all of the range, or all of it that is mapped? */
bool why_is_one_area(const struct why *why);

/* Is something there at that moment? */
bool why_is_mapped(const struct why *why);

/* Who made the call, or met the fault; NULL: not known. */
const struct named_stack *why_stack_of(const struct why *why, const struct fact *fact);

/* Facts before this one are left out of the table. */
size_t why_first_shown(const struct why *why);

#endif
