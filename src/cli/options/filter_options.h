/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_FILTER_OPTIONS_H
#define CLI_FILTER_OPTIONS_H

/*
 * filter_options - options that say which events or areas are wanted
 *
 * A command has those that make sense for what it shows; query/filter.h applies them.
 */

#include "cli/options/option_row.h"
#include "query/filter.h"

enum filter_row {
	FILTER_RANGE,
	FILTER_SINCE,
	FILTER_UNTIL,
	FILTER_CALLS,
	FILTER_FAILED,
	FILTER_OK,
	FILTER_WRITABLE,
	FILTER_EXECUTABLE,
	FILTER_BECAME,
	FILTER_LOST,
	FILTER_KIND,
	FILTER_SIZE,
	FILTER_FROM,
	FILTER_MODULE_OF_CALLS,
	FILTER_MODULE_OF_AREAS,
	FILTER_TID,
	FILTER_ROWS,
};
extern const struct option_row filter_rows[FILTER_ROWS];

/* A row of filter_rows, for the struct @type, which has a struct filter_options called filter. */
#define FILTER_ROW(type, row)                                                                      \
	OPTION_SHARED(type, filter, struct filter_options, &filter_rows[FILTER_##row])

#endif
