/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_LOG_H
#define CLI_LOG_H

/*
 * log - the state of `mapledger log' while it goes through the lines of a ledger
 */

#include "cli/options/command.h"
#include "cli/options/filter_options.h"
#include "cli/text/json.h"

struct log_options {
	struct common_options common;
	struct filter_options filter;
	uint64_t tail; /* only so many lines, when has_tail */
	bool has_tail;
	struct log_context {
		uint64_t before;
		uint64_t after;
	} context; /* lines around each */
	enum log_format {
		LOG_TABLE,
		LOG_STRACE,
		LOG_JSONL,
		LOG_CSV,
	} format;
	bool stacks;
};

/*
 * The state of one pass over the lines. There are two passes when lines are wanted for
 * the sake of others: the first finds out which, the second prints them.
 */
struct log {
	struct ledger_view *view;
	const struct log_options *options;
	struct filter filter;
	struct event_names names;
	struct json *json;
	bool counting; /* the first of two passes */
	bool two_passes;
	uint64_t line;	  /* number of the line at hand, from 0 */
	uint64_t n_calls; /* calls that were printed, but for context */
	uint64_t printed; /* line behind the last one that was printed */
	bool passes;	  /* the line at hand is one that the filter let pass */
	/* which lines the filter let pass: those of the first pass */
	uint64_t *hits;
	size_t n_hits;
	size_t hits_capacity;
	size_t next_hit; /* the first that is not behind the line at hand */
};

/* Appends what a call did to the map: "rw-p -> r--p (read back)", or nothing. */
void log_describe(const struct log *log, const struct history_event *line, struct text *text);

#endif
