/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/commands/cmd_diff.h"
#include "cli/open_ledger.h"
#include "cli/text/area_text.h"
#include "cli/text/output.h"
#include "cli/text/stack_text.h"
#include "cli/text/view_text.h"
#include "cli/text/word.h"
#include "query/event_stacks.h"
#include "query/heap.h"
#include "query/history.h"
#include "query/live.h"
#include "query/map_diff.h"
#include "query/moment.h"
#include "query/words.h"

struct diff_options {
	struct common_options common;
	bool relative;
};

/*
 * One of the two that are compared: a ledger at a moment, or a process now.
 *
 * @stacks: of the calls that made its areas
 */
struct subject {
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

struct comparing {
	const struct diff_options *options;
	struct subject a;
	struct subject b;
	bool same_ledger;
	struct map_diff diff;
	struct json *json;
};

/* --------------------------------------------------------------------------- names */

static void want(struct subject *subject, uint64_t event)
{
	if (event != 0)
		subject->stacks[subject->n_stacks++].event = event;
}

/* The last call whose stack is wanted: there is no need to look any further. */
static struct settled_moment last_wanted(const struct subject *subject)
{
	uint64_t last = 0;

	for (size_t i = 0; i < subject->n_stacks; i++)
		if (subject->stacks[i].event > last)
			last = subject->stacks[i].event;
	return history_after_event(last);
}

/* Names those of @subject's calls that were wanted. Folds its view again. */
static void name_events(struct comparing *comparing, struct subject *subject)
{
	if (subject->view.replay.counts.n_stacked == 0)
		subject->n_stacks = 0;
	if (subject->n_stacks == 0)
		return;
	stacks_of_events(&subject->view, stack_names(&comparing->a.view), subject->stacks,
			 &subject->n_stacks, last_wanted(subject));
	view_fold(&subject->view, subject->settled);
}

static void say_who(const struct subject *subject, uint64_t event, struct text *text)
{
	const struct named_stack *stack = stack_of_event(subject->stacks, subject->n_stacks, event);

	if (stack != NULL)
		stack_who(stack, text);
}

static void prepare_names(struct subject *subject, size_t n)
{
	subject->stacks = heap_array(n, sizeof(*subject->stacks));
}

/* ---------------------------------------------------------------------- relation: keys */

/*
 * What stays the same from run to run: the file and the offset; of anonymous memory who
 * mapped it, or what the kernel calls it.
 */
static char *key_of(const struct subject *subject, const struct memory_area *area)
{
	const struct vm_space *space = &subject->view.replay.space;
	struct text text;
	TEXT_ON_STACK(text, 5000);
	size_t len;
	const char *name = area_kernel_name(space, area, &len);

	if (name != NULL) {
		text_bytes(&text, name, len);
		text_format(&text, " %" PRIx64,
			    area->offset != MEMORY_AREA_NO_OFFSET ? area->offset : 0);
	} else {
		text_format(&text, "%s ", area_kind_name(area_kind(space, area)));
		say_who(subject, area->origin, &text);
	}
	return heap_string(text.buffer);
}

/* Neighbours that one could not tell apart from outside, as pieces of the heap, are one. */
static void join_neighbours(struct subject *subject)
{
	struct diff_side *side = &subject->side;
	size_t n = 0;

	for (size_t i = 0; i < side->n; i++) {
		struct memory_area *last = n > 0 ? &side->areas[n - 1] : NULL;
		const struct memory_area *area = &side->areas[i];

		if (last != NULL && last->range.end == area->range.start &&
		    ((last->flags ^ area->flags) & VM_VISIBLE) == 0 &&
		    area->tag[VM_TAG_OBJECT] == 0 &&
		    strcmp(side->keys[n - 1], side->keys[i]) == 0) {
			last->range.end = area->range.end;
			free(side->keys[i]);
			continue;
		}
		side->areas[n] = *area;
		side->keys[n++] = side->keys[i];
	}
	side->n = n;
}

static void make_keys(struct comparing *comparing, struct subject *subject)
{
	struct diff_side *side = &subject->side;

	prepare_names(subject, side->n);
	for (size_t i = 0; i < side->n; i++)
		if (side->areas[i].tag[VM_TAG_OBJECT] == 0)
			want(subject, side->areas[i].origin);
	name_events(comparing, subject);
	side->keys = heap_array(side->n, sizeof(*side->keys));
	for (size_t i = 0; i < side->n; i++)
		side->keys[i] = key_of(subject, &side->areas[i]);
	join_neighbours(subject);
}

/* -------------------------------------------------- who removed, and who moved here */

/* What the areas of the second map do not say themselves. */
static bool is_searched(const struct comparing *comparing, const struct map_change *change)
{
	return change->kind == CHANGE_REMOVED ||
	       (change->kind == CHANGE_ADDED && change->after.origin != 0 &&
		change->after.origin <= comparing->a.settled.event);
}

static bool is_later_call(void *context, struct history_event *event)
{
	const struct comparing *comparing = context;

	return event->kind == HISTORY_CALL && event->finished &&
	       event->number > comparing->a.settled.event && event->touch.n > 0;
}

/* The first change that ends behind @addr; they are sorted. */
static size_t change_from(const struct map_diff *diff, uint64_t addr)
{
	size_t low = 0;
	size_t high = diff->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (diff->changes[middle].range.end <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Of what is gone, the first call after which it was; of what was moved, the last. */
static void attribute(struct comparing *comparing, struct map_change *change,
		      const struct history_event *event, struct addr_range range)
{
	const struct memory_set *set = comparing->b.view.replay.space.set;
	uint64_t at = change->range.start > range.start ? change->range.start : range.start;
	const struct memory_area *area = memory_set_find(set, at);

	if (!is_searched(comparing, change))
		return;
	if (change->kind == CHANGE_REMOVED) {
		if (change->event == 0 && (area == NULL || area->origin != change->before.origin))
			change->event = event->number;
	} else if (event->call.op == VM_OP_MREMAP && area != NULL &&
		   area->origin == change->after.origin) {
		change->event = event->number;
	}
}

static int look_at_call(void *context, struct history_event *event)
{
	struct comparing *comparing = context;
	struct map_diff *diff = &comparing->diff;

	for (unsigned r = 0; r < event->touch.n; r++) {
		struct addr_range range = event->touch.range[r];

		for (size_t i = change_from(diff, range.start);
		     i < diff->n && diff->changes[i].range.start < range.end; i++)
			attribute(comparing, &diff->changes[i], event, range);
	}
	return 0;
}

static void search_calls(struct comparing *comparing)
{
	struct history_visitor visitor = { .begins = is_later_call,
					   .visit = look_at_call,
					   .context = comparing };
	struct subject *b = &comparing->b;
	size_t n = 0;

	for (size_t i = 0; i < comparing->diff.n; i++)
		n += is_searched(comparing, &comparing->diff.changes[i]);
	if (n == 0 || !comparing->same_ledger)
		return;
	history_walk(&b->view, &visitor, history_after_event(b->settled.event));
	view_fold(&b->view, b->settled);
}

static uint64_t known_event(const struct comparing *comparing, const struct map_change *change)
{
	const struct memory_area *after = &change->after;

	if (change->kind == CHANGE_ALTERED && after->tag[VM_TAG_CHANGED] != 0)
		return after->tag[VM_TAG_CHANGED];
	return is_searched(comparing, change) ? change->event : after->origin;
}

/* Who mapped, changed, unmapped; and of what is gone, who had made it. */
static void name_changes(struct comparing *comparing)
{
	struct map_diff *diff = &comparing->diff;
	struct subject *a = &comparing->a;
	struct subject *b = &comparing->b;

	if (comparing->options->relative)
		return; /* named for their keys */
	search_calls(comparing);
	prepare_names(a, diff->n);
	prepare_names(b, 3 * diff->n);
	for (size_t i = 0; i < diff->n; i++) {
		struct map_change *change = &diff->changes[i];

		change->event = known_event(comparing, change);
		want(b, change->event);
		want(b, change->after.origin);
		want(comparing->same_ledger ? b : a, change->before.origin);
	}
	name_events(comparing, a);
	if (!b->is_process)
		name_events(comparing, b);
}

/* ------------------------------------------------------------------------ the table */

static void say_subject(const struct subject *subject, bool with_program, struct text *text)
{
	if (subject->is_process) {
		text_format(text, "process %" PRIu32 " now", subject->view.header->pid);
		return;
	}
	if (with_program)
		text_format(text, "%s ", subject->found.name);
	if (subject->settled.event == subject->view.first_event - 1) {
		text_string(text, "at the start");
		return;
	}
	text_format(text, "at event #%" PRIu64, subject->settled.event);
	if (subject->settled.event == subject->view.last_event)
		text_string(text, " (end)");
}

static void print_headline(const struct comparing *comparing)
{
	struct text text;
	TEXT_ON_STACK(text, 3 * PATH_MAX);

	if (comparing->same_ledger || comparing->b.is_process) {
		view_program(&comparing->a.view, &text);
		text_format(&text, ", pid %" PRIu32 ": ", comparing->a.view.header->pid);
	}
	say_subject(&comparing->a, !comparing->same_ledger, &text);
	text_string(&text, " -> ");
	say_subject(&comparing->b, !comparing->same_ledger, &text);
	paint(PAINT_HEAD);
	puts(text.buffer);
	paint(PAINT_NONE);
}

static const struct memory_area *shown_area(const struct map_change *change)
{
	return change->kind == CHANGE_REMOVED ? &change->before : &change->after;
}

static const struct subject *shown_subject(const struct comparing *comparing,
					   const struct map_change *change)
{
	return change->kind == CHANGE_REMOVED ? &comparing->a : &comparing->b;
}

/* "rw-p", "rw-p -> r-xp" */
static void say_perms(const struct map_change *change, struct text *text)
{
	if (change->kind != CHANGE_ALTERED ||
	    ((change->before.flags ^ change->after.flags) & VM_VISIBLE) == 0) {
		text_perm(text, shown_area(change)->flags);
		return;
	}
	text_format(text, "%s -> %s", perm_word(change->before.flags).s,
		    perm_word(change->after.flags).s);
}

static void say_what(const struct comparing *comparing, const struct map_change *change,
		     struct text *text)
{
	const struct subject *subject = shown_subject(comparing, change);
	const struct memory_area *area = shown_area(change);
	const struct vm_space *space = subject->side.space;
	bool in_b = comparing->same_ledger && !comparing->options->relative;
	bool said_behind = change->event != 0 && change->event == area->origin;
	size_t len;

	if (area_kernel_name(space, area, &len) == NULL && !said_behind)
		say_who(in_b ? &comparing->b : subject, area->origin, text);
	if (text->len == 0)
		area_what(space, area, text);
}

/* What else is different than the permissions. */
static void say_difference(const struct comparing *comparing, const struct map_change *change,
			   struct text *text)
{
	uint64_t was = change->before.range.end - change->before.range.start;
	uint64_t is = change->after.range.end - change->after.range.start;
	bool same_perm = ((change->before.flags ^ change->after.flags) & VM_VISIBLE) == 0;

	if (change->kind == CHANGE_REPLACED)
		text_string(text, "mapped anew");
	if (change->kind == CHANGE_ALTERED && comparing->options->relative && was != is) {
		text_format(text, "%s -> %s", size_word(was, comparing->options->common.bytes).s,
			    size_word(is, comparing->options->common.bytes).s);
	} else if (change->kind == CHANGE_ALTERED && same_perm) {
		text_string(text, "was ");
		area_what(comparing->a.side.space, &change->before, text);
	}
}

static void say_event(const struct comparing *comparing, const struct map_change *change,
		      struct text *text)
{
	static const char *const verbs[] = {
		[CHANGE_ADDED] = "mapped",
		[CHANGE_REMOVED] = "unmapped",
		[CHANGE_ALTERED] = "changed",
		[CHANGE_REPLACED] = "mapped",
	};
	const struct subject *b = &comparing->b;
	bool moved;

	if (change->event == 0)
		return;
	moved = view_op_of(&b->view, change->event) == VM_OP_MREMAP;
	text_format(text, "%s ", moved ? "moved" : verbs[change->kind]);
	view_event_text(&b->view, change->event, text);
	if (stack_of_event(b->stacks, b->n_stacks, change->event) != NULL) {
		text_char(text, ' ');
		say_who(b, change->event, text);
	}
}

static void print_change(const struct comparing *comparing, const struct map_change *change)
{
	static const char signs[] = { '+', '-', '~', '~' };
	const struct vm_space *space = shown_subject(comparing, change)->side.space;
	enum area_kind kind = area_kind(space, shown_area(change));
	struct text size, perms, what, difference, event;

	TEXT_ON_STACK(size, 32);
	TEXT_ON_STACK(perms, 32);
	TEXT_ON_STACK(what, 400);
	TEXT_ON_STACK(difference, 400);
	TEXT_ON_STACK(event, 400);
	text_size(&size, change->range.end - change->range.start, comparing->options->common.bytes);
	say_perms(change, &perms);
	say_what(comparing, change, &what);
	say_difference(comparing, change, &difference);
	say_event(comparing, change, &event);
	paint(area_is_rwx(shown_area(change)->flags) ? PAINT_DANGER : PAINT_NONE);
	printf("%c  %012" PRIx64 "-%012" PRIx64 " %*s ", signs[change->kind], change->range.start,
	       change->range.end, comparing->options->common.bytes ? 15 : 6, size.buffer);
	print_padded(perms.buffer, 12);
	putchar(' ');
	print_padded(area_kind_name(kind), 7);
	putchar(' ');
	print_padded(what.buffer, difference.len + event.len > 0 ? 27 : 0);
	if (difference.len > 0)
		printf(" %s", difference.buffer);
	if (event.len > 0)
		printf(" %s", event.buffer);
	putchar('\n');
	paint(PAINT_NONE);
}

struct sums {
	uint64_t bytes;
	uint64_t n_rwx;
};

static struct sums sum_side(const struct diff_side *side)
{
	struct sums sums = { 0 };

	for (size_t i = 0; i < side->n; i++) {
		sums.bytes += side->areas[i].range.end - side->areas[i].range.start;
		sums.n_rwx += area_is_rwx(side->areas[i].flags);
	}
	return sums;
}

static void count_changes(const struct map_diff *diff, uint64_t n[4])
{
	memset(n, 0, 4 * sizeof(*n));
	for (size_t i = 0; i < diff->n; i++)
		n[diff->changes[i].kind]++;
}

static void print_summary(const struct comparing *comparing)
{
	struct sums a = sum_side(&comparing->a.side);
	struct sums b = sum_side(&comparing->b.side);
	uint64_t n[4];
	struct text size;
	TEXT_ON_STACK(size, 40);

	count_changes(&comparing->diff, n);
	text_format(&size, "%c%s", b.bytes >= a.bytes ? '+' : '-',
		    size_word(b.bytes >= a.bytes ? b.bytes - a.bytes : a.bytes - b.bytes,
			      comparing->options->common.bytes)
			    .s);
	if (comparing->diff.n == 0)
		printf("no difference: %zu areas\n", comparing->b.side.n);
	else
		printf("   = %" PRIu64 " areas unchanged\n"
		       "summary: +%" PRIu64 " -%" PRIu64 " ~%" PRIu64 "   %s   rwx %" PRIu64
		       " -> %" PRIu64 "   areas %zu -> %zu\n",
		       comparing->diff.n_equal, n[CHANGE_ADDED], n[CHANGE_REMOVED],
		       n[CHANGE_ALTERED] + n[CHANGE_REPLACED], size.buffer, a.n_rwx, b.n_rwx,
		       comparing->a.side.n, comparing->b.side.n);
}

static void print_table(const struct comparing *comparing)
{
	print_headline(comparing);
	for (size_t i = 0; i < comparing->diff.n; i++)
		print_change(comparing, &comparing->diff.changes[i]);
	print_summary(comparing);
}

/* ------------------------------------------------------------------------------ json */

static void json_subject(struct json *json, const char *key, const struct subject *subject)
{
	json_object(json, key);
	json_string(json, "ledger", subject->found.name);
	json_unsigned(json, "pid", subject->view.header->pid);
	json_bool(json, "process_now", subject->is_process);
	json_unsigned(json, "event", subject->settled.event);
	json_unsigned(json, "n_areas", subject->side.n);
	json_unsigned(json, "mapped_bytes", sum_side(&subject->side).bytes);
	json_unsigned(json, "n_rwx", sum_side(&subject->side).n_rwx);
	json_end_object(json);
}

static void json_change(const struct comparing *comparing, const struct map_change *change)
{
	static const char *const words[] = { "added", "removed", "changed", "replaced" };
	const struct named_stack *stack =
		stack_of_event(comparing->b.stacks, comparing->b.n_stacks, change->event);
	struct json *json = comparing->json;

	json_object(json, NULL);
	json_string(json, "change", words[change->kind]);
	json_address(json, "start", change->range.start);
	json_address(json, "end", change->range.end);
	if (change->kind != CHANGE_ADDED) {
		json_object(json, "before");
		area_json(json, comparing->a.side.space, &change->before);
		json_end_object(json);
	}
	if (change->kind != CHANGE_REMOVED) {
		json_object(json, "after");
		area_json(json, comparing->b.side.space, &change->after);
		json_end_object(json);
	}
	if (change->event != 0)
		json_unsigned(json, "event", change->event);
	if (stack != NULL && stack->n > 0)
		stack_json(json, "stack", stack);
	json_end_object(json);
}

static void print_json(struct comparing *comparing)
{
	struct json *json = comparing->json = json_create();

	json_object(json, NULL);
	json_subject(json, "from", &comparing->a);
	json_subject(json, "to", &comparing->b);
	json_unsigned(json, "n_equal", comparing->diff.n_equal);
	json_array(json, "differences");
	for (size_t i = 0; i < comparing->diff.n; i++)
		json_change(comparing, &comparing->diff.changes[i]);
	json_end_array(json);
	json_end_object(json);
	json_destroy(json);
}

/* ---------------------------------------------------------------------- the subjects */

/* @symbolizer: of the first view, which the second one borrows; NULL: its own */
static bool open_subject(struct subject *subject, const struct diff_options *options,
			 struct symbolizer *symbolizer)
{
	if (!open_view(&subject->view, subject->found.path, subject->found.name))
		return false;
	subject->view.symbolizer = symbolizer;
	subject->is_open = true;
	subject->view.sysroot = options->common.sysroot;
	if (!moment_settle(&subject->view, subject->moment, &subject->settled)) {
		open_say_problems(&subject->view);
		return false;
	}
	view_fold(&subject->view, subject->settled);
	return true;
}

static void add_piece(struct diff_side *side, const struct memory_area *area,
		      struct addr_range range)
{
	if (range.start >= range.end)
		return;
	side->areas = heap_resize(side->areas, side->n + 1, sizeof(*area));
	side->areas[side->n] = *area;
	memory_area_clip(&side->areas[side->n++], range);
}

/*
 * What mapledger has in the process by now is known from the end of the ledger. The kernel
 * makes one of it and the program's memory beside it.
 */
static void add_without_own(struct diff_side *side, const struct vm_space *space,
			    const struct memory_area *area)
{
	struct memory_set_iter iter = memory_set_iter_from_start(space->set, area->range);
	struct addr_range rest = area->range;
	const struct memory_area *ours;

	if (diff_is_mapledgers(space, area))
		return;
	while ((ours = memory_set_iter_next(&iter)) != NULL) {
		if (!(ours->flags & VM_OWN))
			continue;
		add_piece(side, area, (struct addr_range){ rest.start, ours->range.start });
		rest.start = ours->range.end;
	}
	add_piece(side, area, rest);
}

/* Both are views of the ledger of one process. */
static bool await_baseline(struct comparing *comparing)
{
	pid_t pid = comparing->options->common.pid;

	if (!live_await_baseline(&comparing->a.view, pid)) {
		open_say_problems(&comparing->a.view);
		return false;
	}
	if (live_await_baseline(&comparing->b.view, pid))
		return true;
	open_say_problems(&comparing->b.view);
	return false;
}

static bool take_process(struct comparing *comparing)
{
	struct subject *b = &comparing->b;
	struct vm_space *space = &b->view.replay.space;
	struct kernel_snapshot kernel;
	bool stable;
	int error = kernel_snapshot_read(&kernel, comparing->options->common.pid, &space->objects,
					 &stable);

	b->side.space = space;
	for (size_t i = 0; error == 0 && i < kernel.n; i++)
		add_without_own(&b->side, space, &kernel.areas[i]);
	kernel_snapshot_free(&kernel);
	if (error < 0) {
		live_set_problem(&b->view, comparing->options->common.pid, error);
		open_say_problems(&b->view);
	}
	return error == 0;
}

static void compare(struct comparing *comparing)
{
	struct subject *a = &comparing->a;
	struct subject *b = &comparing->b;

	if (comparing->options->relative) {
		make_keys(comparing, a);
		make_keys(comparing, b);
		map_diff_by_key(&comparing->diff, &a->side, &b->side);
	} else {
		map_diff_by_address(&comparing->diff, &a->side, &b->side,
				    comparing->same_ledger ? DIFF_COMPARE_ORIGINS
							   : DIFF_IGNORE_ORIGINS);
	}
	name_changes(comparing);
}

static void say_damage(const struct comparing *comparing)
{
	view_say_lost_and_damaged(&comparing->a.view);
	if (!comparing->same_ledger && comparing->b.is_open)
		view_say_lost_and_damaged(&comparing->b.view);
}

static int compare_and_print(struct comparing *comparing)
{
	struct subject *a = &comparing->a;
	struct subject *b = &comparing->b;

	if (!open_subject(a, comparing->options, NULL) ||
	    !open_subject(b, comparing->options, stack_names(&a->view)) ||
	    (b->is_process && !await_baseline(comparing)))
		return CLI_TROUBLE;
	diff_side_take(&a->side, &a->view.replay.space);
	if (b->is_process && !take_process(comparing))
		return CLI_TROUBLE;
	if (!b->is_process)
		diff_side_take(&b->side, &b->view.replay.space);
	compare(comparing);
	say_damage(comparing);
	if (comparing->options->common.json)
		print_json(comparing);
	else
		print_table(comparing);
	open_say_problems(&a->view);
	return comparing->diff.n > 0 ? CLI_DIFFERENT : CLI_FINE;
}

static void finish_subject(struct subject *subject)
{
	stacks_forget(subject->stacks, subject->n_stacks);
	free(subject->stacks);
	diff_side_free(&subject->side);
	if (subject->is_open)
		view_close(&subject->view);
}

/* ----------------------------------------------------------------------- the operands */

static bool is_moment(const char *word, struct moment *moment)
{
	return access(word, F_OK) != 0 && syntax_parse_moment(word, moment) == NULL;
}

static bool name_file(struct subject *subject, pid_t pid, char *file)
{
	return open_find(pid, file != NULL, &file, &subject->found);
}

/* A ledger, or a moment of its ledger, and the process itself. */
static bool read_process(struct comparing *comparing, int n_operands, char **operands)
{
	bool by_moment = n_operands == 1 && is_moment(operands[0], &comparing->a.moment);

	if (n_operands > 1) {
		complain("diff: with --pid give one FILE or MOMENT; '%s' is too much", operands[1]);
		return false;
	}
	comparing->b.is_process = true;
	if (n_operands == 1 && !by_moment) {
		if (!name_file(&comparing->a, 0, operands[0]))
			return false;
	} else if (!name_file(&comparing->a, comparing->options->common.pid, NULL)) {
		return false;
	}
	comparing->b.found = comparing->a.found;
	return true;
}

static bool read_moments(struct comparing *comparing, int n_operands, char **operands)
{
	if (!is_moment(operands[1], &comparing->b.moment)) {
		complain("diff: '%s' is a moment, and '%s' is none; give two moments or two files",
			 operands[0], operands[1]);
		return false;
	}
	if (n_operands > 3) {
		complain("one FILE at a time; '%s' is too much", operands[3]);
		return false;
	}
	comparing->same_ledger = true;
	if (!name_file(&comparing->a, comparing->options->common.pid,
		       n_operands == 3 ? operands[2] : NULL))
		return false;
	comparing->b.found = comparing->a.found;
	return true;
}

static bool read_operands(struct comparing *comparing, int n_operands, char **operands)
{
	if (comparing->options->common.pid != 0)
		return read_process(comparing, n_operands, operands);
	if (n_operands < 2) {
		complain("diff: give two moments (start end) or two ledgers; see: mapledger help "
			 "diff");
		return false;
	}
	if (is_moment(operands[0], &comparing->a.moment))
		return read_moments(comparing, n_operands, operands);
	if (n_operands > 2) {
		complain("two FILEs at a time; '%s' is too much", operands[2]);
		return false;
	}
	comparing->a.moment = comparing->b.moment = comparing->options->common.at;
	return name_file(&comparing->a, comparing->options->common.pid, operands[0]) &&
	       name_file(&comparing->b, comparing->options->common.pid, operands[1]);
}

static int cmd_diff(const void *given, int n_operands, char **operands)
{
	const struct diff_options *options = given;
	struct comparing *comparing = heap_array(1, sizeof(*comparing));
	int code = CLI_TROUBLE;

	comparing->options = options;
	if (read_operands(comparing, n_operands, operands))
		code = compare_and_print(comparing);
	map_diff_free(&comparing->diff);
	comparing->b.view.symbolizer = NULL; /* it is the first one's */
	finish_subject(&comparing->a);
	finish_subject(&comparing->b);
	free(comparing);
	return code;
}

static const struct option_row rows[] = {
	COMMON_ROW(struct diff_options, PID),
	{ "at", 0, "MOMENT", "of two ledgers: both at this moment (default end)",
	  OPTION_MOMENT(struct diff_options, common.at) },
	{ "rel", 0, NULL, "for two runs: by file, offset and who mapped it, not by address",
	  OPTION_FLAG(struct diff_options, relative) },
	COMMON_ROW(struct diff_options, SYSROOT),
	COMMON_ROW(struct diff_options, BYTES),
	COMMON_ROW(struct diff_options, JSON),
	COMMON_ROW(struct diff_options, COLOR),
	COMMON_ROW(struct diff_options, HELP),
};

const struct command command_diff = {
	.name = "diff",
	.usage = "[OPTION...] A B [FILE]",
	.summary = "what is different between two moments, two ledgers, or a ledger and a process",
	.details =
		"A and B are moments of one ledger (diff start end), two ledgers (diff a.mlg "
		"b.mlg),\n"
		"or, with -p, one ledger or moment is compared with the running process.\n"
		"\n"
		"+ was mapped, - was unmapped, ~ has changed, or is another mapping that looks "
		"the\n"
		"same. Addresses differ from run to run: --rel pairs areas by the file and offset\n"
		"that they show, or by who mapped them, in their order.\n"
		"\n"
		"Exit status: 0 equal, 1 differences, 2 can't be read.\n",
	COMMAND_OPTIONS(struct diff_options, rows),
	.run = cmd_diff,
	.trouble = CLI_TROUBLE,
};
