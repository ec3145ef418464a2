/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_INFO_H
#define CLI_INFO_H

/*
 * info - the facts about a ledger that `mapledger info' prints
 */

#include "cli/options/command.h"
#include "query/compare.h"

struct info_options {
	struct common_options common;
};

/* Everything the screen and the JSON say. */
struct info {
	struct ledger_view *view;
	const struct info_options *options;
	struct findings findings;
	enum view_state state;
	uint64_t duration_ns;
	uint64_t size;
	uint64_t disk_size;
	uint64_t n_areas;
	uint64_t n_child_ledgers;
	bool has_parent;
	char parent[PATH_MAX];
};

/* Counts the call sites that were found, patched or not. */
uint64_t info_count_sites(const struct replay_counts *counts);

#endif
