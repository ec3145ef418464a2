/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_WHY_H
#define CLI_WHY_H

/*
 * why - an address or range at one moment, and its history, for `mapledger why'
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
 * An address or range at one moment, and its history.
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

/* Finds the last fact of a kind, or NULL. */
const struct fact *why_last_fact(const struct biography *biography, enum fact_kind kind);

/* Does one area hold all of the range, or all of the range that is mapped? */
bool why_is_one_area(const struct why *why);

/* Is something mapped in the range at that moment? */
bool why_is_mapped(const struct why *why);

/* Finds the stack that made the call of a fact, or met the fault; NULL: not known. */
const struct named_stack *why_stack_of(const struct why *why, const struct fact *fact);

/* Tells the first fact that the table shows: those before it are left out. */
size_t why_first_shown(const struct why *why);

#endif
