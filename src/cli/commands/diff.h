/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_DIFF_H
#define CLI_DIFF_H

/*
 * diff - the two maps that `mapledger diff' compares, and their differences
 */

#include "cli/options/command.h"
#include "cli/text/json.h"
#include "query/event_stacks.h"
#include "query/moment.h"
#include "query/find_ledger.h"
#include "query/map_diff.h"
#include "query/moment.h"

struct diff_options {
	struct common_options common;
	bool relative;
};

/*
 * One of the two maps that are compared: a ledger at a moment, or a process now.
 *
 * @stacks: of the calls that made its areas
 */
struct diff_subject {
	struct found_ledger found;
	struct ledger_view view;
	struct moment moment;
	struct settled_moment settled;
	struct diff_side side;
	struct event_stack *stacks;
	size_t n_stacks;
	bool is_open;
	bool is_process;
};

/* Both maps, and the differences between them. */
struct diff_pair {
	const struct diff_options *options;
	struct diff_subject a;
	struct diff_subject b;
	bool same_ledger;
	struct map_diff diff;
	struct json *json;
};

struct diff_sums {
	uint64_t bytes;
	uint64_t n_rwx;
};

/* Adds up the areas of one side. */
struct diff_sums diff_sum_side(const struct diff_side *side);

#endif
