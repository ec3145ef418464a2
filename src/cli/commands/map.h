/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_MAP_H
#define CLI_MAP_H

/*
 * map - the map of one moment that `mapledger map' prints, and which calls made its areas
 */

#include "cli/options/command.h"
#include "cli/options/filter_options.h"

struct map_options {
	struct common_options common;
	struct filter_options filter;
	enum map_format {
		MAP_TABLE,
		MAP_MAPS,
	} format;
	bool gaps;
	bool long_rows;
};

/* The sums over the areas of one map. */
struct map_sums {
	uint64_t n_areas;
	uint64_t mapped;
	uint64_t n_rwx;
	uint64_t n_guards;
};

/* The map that is shown, and how it is. */
struct map {
	struct ledger_view *view;
	const struct map_options *options;
	struct filter filter;
	struct event_stack *stacks; /* of the calls that mapped and changed the areas */
	size_t n_stacks;
};

/* Adds up the areas that the filter lets pass. */
struct map_sums map_sum_up(const struct map *map);

#endif
