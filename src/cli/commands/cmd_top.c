/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/commands/cmd_top.h"
#include "cli/options/filter_options.h"
#include "cli/options/open_ledger.h"
#include "cli/text/output.h"
#include "cli/text/stack_text.h"
#include "cli/text/view_text.h"
#include "cli/text/word.h"
#include "query/heap.h"
#include "query/words.h"

#define SITES_SHOWN 20

struct top_options {
	struct common_options common;
	struct filter_options filter;
	enum top_by {
		TOP_BY_LIVE, /* areas */
		TOP_BY_LIVE_BYTES,
		TOP_BY_CALLS,
		TOP_BY_FAILED,
		TOP_BY_BYTES,
	} by; /* what sites are sorted and weighed by */
	bool folded;
	uint64_t count; /* of sites, when has_count */
	bool has_count;
};

/*
 * All calls of one kind from one place, or with --folded from one stack.
 *
 * @name:   "pool_split pool.c:31  mprotect", or "main;pool_split;mprotect"
 * @bytes:  touched by its calls
 */
struct site {
	char *name;
	uint64_t n_calls;
	uint64_t n_failed;
	uint64_t bytes;
	uint64_t live_areas;
	uint64_t live_bytes;
};

/* @of_event: the place in @sites of the call first_event + i. */
struct top {
	struct ledger_view *view;
	const struct top_options *options;
	struct filter filter;
	struct event_names names;
	struct site **sites;
	size_t n;
	size_t capacity;
	void *by_name;
	struct site **of_event;
	uint64_t n_calls;
};

/* ------------------------------------------------------------------------- sites */

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct site *)a)->name, ((const struct site *)b)->name);
}

static struct site *add_site(struct top *top, const char *name)
{
	struct site *site = heap_array(1, sizeof(*site));

	top->sites = heap_grow(top->sites, top->n, &top->capacity, 64, sizeof(struct site *));
	site->name = heap_string(name);
	if (tsearch(site, &top->by_name, compare_names) == NULL)
		heap_exhausted();
	top->sites[top->n++] = site;
	return site;
}

static struct site *site_named(struct top *top, char *name)
{
	const struct site key = { .name = name };
	void *const *node = tfind(&key, &top->by_name, compare_names);

	return node != NULL ? *node : add_site(top, name);
}

/* Semicolons separate frames, and the count stands behind the last blank. */
static void say_folded_name(const struct named_frame *frame, struct text *text)
{
	struct text name;
	TEXT_ON_STACK(name, 200);

	stack_function(frame, &name);
	if (name.len == 0)
		stack_where(frame, &name);
	for (size_t i = 0; i < name.len; i++)
		text_char(text,
			  name.buffer[i] == ';' || name.buffer[i] == ' ' ? '_' : name.buffer[i]);
}

/* "main;pool_split;mprotect": as flamegraph.pl and speedscope read it. */
static void say_folded(const struct named_stack *stack, const char *call, struct text *text)
{
	for (size_t i = stack->n; i-- > 0;) {
		say_folded_name(&stack->frames[i], text);
		text_char(text, ';');
	}
	text_string(text, call);
}

static void say_site(struct top *top, const struct history_event *event, struct text *text)
{
	const char *call = vm_op_info(event->call.op)->name;
	const struct named_stack *stack = event_names_of(&top->names, event);

	if (top->options->folded) {
		say_folded(stack, call, text);
		return;
	}
	if (stack->n > 0)
		stack_who(stack, text);
	else
		text_string(text, "(no stack)");
	text_format(text, "  %s", call);
}

/* ----------------------------------------------------------------------- counting */

static bool begins(void *context, struct history_event *event)
{
	struct top *top = context;

	return event->kind == HISTORY_CALL && filter_begins(&top->filter, event);
}

static int count(void *context, struct history_event *event)
{
	struct top *top = context;
	bool failed = event->finished && call_was_refused(&event->call);
	struct site *site;
	struct text text;
	TEXT_ON_STACK(text, 4000);

	if (!filter_passes(&top->filter, event))
		return 0;
	say_site(top, event, &text);
	site = site_named(top, text.buffer);
	site->n_calls++;
	site->n_failed += failed;
	site->bytes += failed ? 0 : touch_bytes(&event->touch);
	if (event->number - top->view->first_event < top->view->n_ops)
		top->of_event[event->number - top->view->first_event] = site;
	top->n_calls++;
	return 0;
}

/* What is there at the end belongs to the call that mapped it. */
static void count_live(struct top *top)
{
	const struct ledger_view *view = top->view;
	struct memory_set_iter iter =
		memory_set_iter_from_start(view->replay.space.set, MEMORY_SET_ALL);
	const struct memory_area *area;

	while ((area = memory_set_iter_next(&iter)) != NULL) {
		struct site *site = NULL;

		if (area->origin >= view->first_event &&
		    area->origin - view->first_event < view->n_ops)
			site = top->of_event[area->origin - view->first_event];
		if (site == NULL)
			continue;
		site->live_areas++;
		site->live_bytes += area->range.end - area->range.start;
	}
}

/* ------------------------------------------------------------------------ printing */

static uint64_t weight(const struct site *site, enum top_by by)
{
	switch (by) {
	case TOP_BY_LIVE:
		return site->live_areas;
	case TOP_BY_LIVE_BYTES:
		return site->live_bytes;
	case TOP_BY_CALLS:
		return site->n_calls;
	case TOP_BY_FAILED:
		return site->n_failed;
	case TOP_BY_BYTES:
		return site->bytes;
	}
	return 0;
}

static enum top_by sorted_by;

static int compare_sites(const void *a, const void *b)
{
	const struct site *left = *(struct site *const *)a;
	const struct site *right = *(struct site *const *)b;
	uint64_t l = weight(left, sorted_by);
	uint64_t r = weight(right, sorted_by);

	if (l != r)
		return l < r ? 1 : -1;
	if (left->n_calls != right->n_calls)
		return left->n_calls < right->n_calls ? 1 : -1;
	return strcmp(left->name, right->name);
}

static void print_site(const struct site *site)
{
	struct text live, bytes;

	TEXT_ON_STACK(live, 40);
	TEXT_ON_STACK(bytes, 40);
	text_size(&live, site->live_bytes, false);
	text_size(&bytes, site->bytes, false);
	printf("%12" PRIu64 " %11s %9" PRIu64 " %8" PRIu64 " %9s  %s\n", site->live_areas,
	       live.buffer, site->n_calls, site->n_failed, bytes.buffer, site->name);
}

static void print_table(const struct top *top)
{
	size_t n = top->options->has_count ? top->options->count : SITES_SHOWN;

	n = n < top->n ? n : top->n;
	paint(PAINT_HEAD);
	puts("  LIVE AREAS  LIVE BYTES     CALLS   FAILED     BYTES  CALL SITE");
	paint(PAINT_NONE);
	for (size_t i = 0; i < n; i++)
		print_site(top->sites[i]);
	printf("%zu of %zu call sites, %" PRIu64 " calls", n, top->n, top->n_calls);
	puts(n < top->n ? "; -n N shows more" : "");
}

static void print_folded(const struct top *top)
{
	for (size_t i = 0; i < top->n; i++)
		if (weight(top->sites[i], top->options->by) > 0)
			printf("%s %" PRIu64 "\n", top->sites[i]->name,
			       weight(top->sites[i], top->options->by));
}

static void print_json(const struct top *top)
{
	struct json *json = json_create();

	for (size_t i = 0; i < top->n; i++) {
		const struct site *site = top->sites[i];

		json_object(json, NULL);
		json_string(json, "site", site->name);
		json_unsigned(json, "live_areas", site->live_areas);
		json_unsigned(json, "live_bytes", site->live_bytes);
		json_unsigned(json, "calls", site->n_calls);
		json_unsigned(json, "failed", site->n_failed);
		json_unsigned(json, "bytes", site->bytes);
		json_end_object(json);
	}
	json_destroy(json);
}

/* --------------------------------------------------------------------- the command */

static int count_and_print(struct top *top)
{
	struct history_visitor visitor = { .begins = begins, .visit = count, .context = top };

	top->of_event = heap_array(top->view->n_ops, sizeof(struct site *));
	if (!filter_prepare(&top->filter, top->view, &top->options->filter, HISTORY_TO_END,
			    &top->names))
		return open_say_problems(top->view);
	history_walk(top->view, &visitor, HISTORY_TO_END);
	count_live(top);
	sorted_by = top->options->by;
	if (top->n > 0)
		qsort(top->sites, top->n, sizeof(struct site *), compare_sites);
	if (top->options->common.json)
		print_json(top);
	else if (top->options->folded)
		print_folded(top);
	else
		print_table(top);
	return CLI_FINE;
}

static void keep(void *memory)
{
	(void)memory;
}

static int show(struct ledger_view *view, const void *given)
{
	const struct top_options *options = given;
	struct top top = { .view = view, .options = options };
	int code;

	event_names_begin(&top.names, view);
	code = count_and_print(&top);
	view_say_lost_and_damaged(view);
	tdestroy(top.by_name, keep);
	for (size_t i = 0; i < top.n; i++) {
		free(top.sites[i]->name);
		free(top.sites[i]);
	}
	free(top.sites);
	free(top.of_event);
	filter_finish(&top.filter);
	event_names_end(&top.names);
	return code;
}

static int cmd_top(const void *given, int n_operands, char **operands)
{
	const struct top_options *options = given;
	return open_and_show(&options->common, n_operands, operands, show, options);
}

static const struct option_row rows[] = {
	COMMON_ROW(struct top_options, PID),
	FILTER_ROW(struct top_options, SINCE),
	FILTER_ROW(struct top_options, UNTIL),
	FILTER_ROW(struct top_options, CALLS),
	FILTER_ROW(struct top_options, FAILED),
	FILTER_ROW(struct top_options, OK),
	FILTER_ROW(struct top_options, BECAME),
	FILTER_ROW(struct top_options, LOST),
	FILTER_ROW(struct top_options, FROM),
	FILTER_ROW(struct top_options, TID),
	{ "by", 0, "WHAT",
	  "sort by live (areas that are there in the end), live-bytes, calls, failed or bytes "
	  "(touched by all calls; default live)",
	  OPTION_WORD(struct top_options, by, enum top_by),
	  .words = "live|live-bytes|calls|failed|bytes" },
	{ "folded", 0, NULL, "whole stacks and numbers, as flamegraph.pl and speedscope read them",
	  OPTION_FLAG(struct top_options, folded) },
	{ "count", 'n', "N", "how many call sites (default 20)",
	  OPTION_NUMBER(struct top_options, count),
	  .given = offsetof(struct top_options, has_count) },
	COMMON_ROW(struct top_options, SYSROOT),
	COMMON_ROW(struct top_options, JSON),
	COMMON_ROW(struct top_options, COLOR),
	COMMON_ROW(struct top_options, HELP),
};

const struct command command_top = {
	.name = "top",
	.usage = "[OPTION...] [FILE]",
	.summary = "the places in the program that make the calls, by what is left of them",
	.details = COMMAND_DETAILS_OF_FILE
	"\n"
	"A call site is the program's own function and line, and the call. LIVE is what its\n"
	"calls mapped and is there in the end; BYTES is what all of them were about.\n"
	"--folded | flamegraph.pl makes a picture.\n",
	COMMAND_OPTIONS(struct top_options, rows),
	.run = cmd_top,
	.trouble = CLI_TROUBLE,
};
