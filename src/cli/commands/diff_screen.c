/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>
#include "cli/commands/diff_names.h"
#include "cli/commands/diff_screen.h"
#include "cli/text/area_text.h"
#include "cli/text/view_text.h"
#include "cli/text/word.h"

static void say_subject(const struct diff_subject *subject, bool with_program, struct text *text)
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

static void print_headline(const struct diff_pair *pair)
{
	struct text text;
	TEXT_ON_STACK(text, 3 * PATH_MAX);

	if (pair->same_ledger || pair->b.is_process) {
		view_program(&pair->a.view, &text);
		text_format(&text, ", pid %" PRIu32 ": ", pair->a.view.header->pid);
	}
	say_subject(&pair->a, !pair->same_ledger, &text);
	text_string(&text, " -> ");
	say_subject(&pair->b, !pair->same_ledger, &text);
	paint(PAINT_HEAD);
	puts(text.buffer);
	paint(PAINT_NONE);
}

static const struct memory_area *shown_area(const struct map_change *change)
{
	return change->kind == CHANGE_REMOVED ? &change->before : &change->after;
}

static const struct diff_subject *shown_subject(const struct diff_pair *pair,
						const struct map_change *change)
{
	return change->kind == CHANGE_REMOVED ? &pair->a : &pair->b;
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

static void say_what(const struct diff_pair *pair, const struct map_change *change,
		     struct text *text)
{
	const struct diff_subject *subject = shown_subject(pair, change);
	const struct memory_area *area = shown_area(change);
	const struct vm_space *space = subject->side.space;
	bool in_b = pair->same_ledger && !pair->options->relative;
	bool said_behind = change->event != 0 && change->event == area->origin;
	size_t len;

	if (area_kernel_name(space, area, &len) == NULL && !said_behind)
		diff_say_who(in_b ? &pair->b : subject, area->origin, text);
	if (text->len == 0)
		area_what(space, area, text);
}

/* What else is different than the permissions. */
static void say_difference(const struct diff_pair *pair, const struct map_change *change,
			   struct text *text)
{
	uint64_t was = change->before.range.end - change->before.range.start;
	uint64_t is = change->after.range.end - change->after.range.start;
	bool same_perm = ((change->before.flags ^ change->after.flags) & VM_VISIBLE) == 0;

	if (change->kind == CHANGE_REPLACED)
		text_string(text, "mapped anew");
	if (change->kind == CHANGE_ALTERED && pair->options->relative && was != is) {
		text_format(text, "%s -> %s", size_word(was, pair->options->common.bytes).s,
			    size_word(is, pair->options->common.bytes).s);
	} else if (change->kind == CHANGE_ALTERED && same_perm) {
		text_string(text, "was ");
		area_what(pair->a.side.space, &change->before, text);
	}
}

static void say_event(const struct diff_pair *pair, const struct map_change *change,
		      struct text *text)
{
	static const char *const verbs[] = {
		[CHANGE_ADDED] = "mapped",
		[CHANGE_REMOVED] = "unmapped",
		[CHANGE_ALTERED] = "changed",
		[CHANGE_REPLACED] = "mapped",
	};
	const struct diff_subject *b = &pair->b;
	bool moved;

	if (change->event == 0)
		return;
	moved = view_op_of(&b->view, change->event) == VM_OP_MREMAP;
	text_format(text, "%s ", moved ? "moved" : verbs[change->kind]);
	view_event_text(&b->view, change->event, text);
	if (stack_of_event(b->stacks, b->n_stacks, change->event) != NULL) {
		text_char(text, ' ');
		diff_say_who(b, change->event, text);
	}
}

static void print_change(const struct diff_pair *pair, const struct map_change *change)
{
	static const char signs[] = { '+', '-', '~', '~' };
	const struct vm_space *space = shown_subject(pair, change)->side.space;
	enum area_kind kind = area_kind(space, shown_area(change));
	struct text size, perms, what, difference, event;

	TEXT_ON_STACK(size, 32);
	TEXT_ON_STACK(perms, 32);
	TEXT_ON_STACK(what, 400);
	TEXT_ON_STACK(difference, 400);
	TEXT_ON_STACK(event, 400);
	text_size(&size, change->range.end - change->range.start, pair->options->common.bytes);
	say_perms(change, &perms);
	say_what(pair, change, &what);
	say_difference(pair, change, &difference);
	say_event(pair, change, &event);
	paint(area_is_rwx(shown_area(change)->flags) ? PAINT_DANGER : PAINT_NONE);
	printf("%c  %012" PRIx64 "-%012" PRIx64 " %*s ", signs[change->kind], change->range.start,
	       change->range.end, pair->options->common.bytes ? 15 : 6, size.buffer);
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

static void count_changes(const struct map_diff *diff, uint64_t n[4])
{
	memset(n, 0, 4 * sizeof(*n));
	for (size_t i = 0; i < diff->n; i++)
		n[diff->changes[i].kind]++;
}

static void print_summary(const struct diff_pair *pair)
{
	struct diff_sums a = diff_sum_side(&pair->a.side);
	struct diff_sums b = diff_sum_side(&pair->b.side);
	uint64_t n[4];
	struct text size;
	TEXT_ON_STACK(size, 40);

	count_changes(&pair->diff, n);
	text_format(&size, "%c%s", b.bytes >= a.bytes ? '+' : '-',
		    size_word(b.bytes >= a.bytes ? b.bytes - a.bytes : a.bytes - b.bytes,
			      pair->options->common.bytes)
			    .s);
	if (pair->diff.n == 0)
		printf("no difference: %zu areas\n", pair->b.side.n);
	else
		printf("   = %" PRIu64 " areas unchanged\n"
		       "summary: +%" PRIu64 " -%" PRIu64 " ~%" PRIu64 "   %s   rwx %" PRIu64
		       " -> %" PRIu64 "   areas %zu -> %zu\n",
		       pair->diff.n_equal, n[CHANGE_ADDED], n[CHANGE_REMOVED],
		       n[CHANGE_ALTERED] + n[CHANGE_REPLACED], size.buffer, a.n_rwx, b.n_rwx,
		       pair->a.side.n, pair->b.side.n);
}

void diff_print(const struct diff_pair *pair)
{
	print_headline(pair);
	for (size_t i = 0; i < pair->diff.n; i++)
		print_change(pair, &pair->diff.changes[i]);
	print_summary(pair);
}
