/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "cli/commands/cmd_why.h"
#include "cli/open_ledger.h"
#include "cli/text/area_text.h"
#include "cli/text/call_text.h"
#include "cli/text/fault_text.h"
#include "cli/text/output.h"
#include "cli/text/stack_text.h"
#include "cli/text/view_text.h"
#include "cli/text/word.h"
#include "query/biography.h"
#include "query/event_stacks.h"
#include "query/heap.h"
#include "query/moment.h"
#include "query/place.h"
#include "query/words.h"
#include "vma/vm_call_format.h"

#define FACTS_SHOWN    40 /* unless more are asked for */
#define PLACES_SHOWN   8
#define DETAILS_COLUMN 33

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

/* --------------------------------------------------------------------- sentences */

static void say_event(const struct why *why, uint64_t event, struct text *text)
{
	const struct named_stack *stack = stack_of_event(why->stacks, why->n_stacks, event);

	if (!view_event_text(why->view, event, text))
		return;
	if (stack != NULL && stack->n > 0) {
		text_string(text, " (");
		stack_who(stack, text);
		text_char(text, ')');
	}
}

/* "0x7f12040", or "0x7f12000-0x7f14000" */
static void say_place(const struct why *why, struct text *text)
{
	text_format(text, "0x%" PRIx64, why->point != 0 ? why->point : why->range.start);
	if (why->point != 0)
		return;
	text_format(text, "-0x%" PRIx64, why->range.end);
}

/* "libc.so.6", "[heap]", "anonymous memory" */
static void say_what(const struct vm_space *space, const struct memory_area *area,
		     struct text *text)
{
	size_t before = text->len;

	area_what(space, area, text);
	if (text->len != before + 1 || text->buffer[before] != '-')
		return;
	text->len = before;
	text->buffer[before] = '\0';
	text_string(text, (area->flags & VM_PROT) != 0 ? "anonymous memory"
						       : "anonymous, without access");
}

static void say_since(const struct why *why, const struct memory_area *area, struct text *text)
{
	if (area->origin != 0) {
		text_string(text, "mapped by ");
		say_event(why, area->origin, text);
	} else if ((area->flags & VM_SOURCE) == VM_RESYNCED) {
		text_string(text, "found there when the kernel was asked: no call was seen");
	} else if ((area->flags & VM_SOURCE) == VM_BASELINE) {
		text_string(text, "there before recording began");
	} else {
		text_string(text, "mapped by a call that was overwritten");
	}
}

static const struct fact *last_of(const struct biography *biography, enum fact_kind kind)
{
	for (size_t i = biography->n; i-- > 0;)
		if (biography->facts[i].kind == kind)
			return &biography->facts[i];
	return NULL;
}

/* The last event that left something else behind, and did not make it all anew. */
static const struct fact *last_change(const struct biography *biography)
{
	for (size_t i = biography->n; i-- > 0;) {
		const struct fact *fact = &biography->facts[i];

		if (fact->kind == FACT_MAPPED || fact->kind == FACT_REPLACED)
			return NULL;
		if (fact->kind == FACT_CHANGED || fact->kind == FACT_MOVED_IN ||
		    (fact->kind == FACT_READ_BACK && strcmp(fact->before, "----") != 0))
			return fact;
	}
	return NULL;
}

static void say_change(const struct why *why, const struct fact *fact, struct text *text)
{
	if (fact->kind == FACT_MOVED_IN)
		text_string(text, ", moved here by ");
	else if (fact->kind == FACT_CHANGED)
		text_string(text, ", last changed by ");
	else
		text_string(text, ", last change seen when the kernel was asked after ");
	say_event(why, fact->number, text);
}

/* More areas than one: what they have in common. */
static void say_areas(const struct why *why, struct text *text)
{
	const struct vm_space *space = &why->view->replay.space;
	struct memory_set_iter iter = memory_set_iter_from_start(space->set, why->range);
	const struct memory_area *area;
	struct text first, what;
	unsigned n = 0;
	bool same = true;

	TEXT_ON_STACK(first, 320);
	say_what(space, &why->area, &first);
	while ((area = memory_set_iter_next(&iter)) != NULL) {
		TEXT_ON_STACK(what, 320);
		say_what(space, area, &what);
		same = same && strcmp(what.buffer, first.buffer) == 0;
		n++;
	}
	text_format(text, " holds %s", count_word(n, "area").s);
	if (same)
		text_format(text, " of %s", first.buffer);
}

static bool is_one_area(const struct why *why)
{
	return why->area.range.end >= why->range.end ||
	       memory_set_find_from(why->view->replay.space.set, why->area.range.end) == NULL ||
	       memory_set_find_from(why->view->replay.space.set, why->area.range.end)
			       ->range.start >= why->range.end;
}

static void say_mapped(const struct why *why, struct text *text)
{
	const struct memory_area *area = &why->area;
	const struct fact *change = last_change(&why->biography);

	if (!is_one_area(why)) {
		say_areas(why, text);
		return;
	}
	text_format(text, " is %s, ", perm_word(area->flags).s);
	say_what(&why->view->replay.space, area, text);
	text_string(text, ": ");
	say_since(why, area, text);
	if (change != NULL && change->number != area->origin)
		say_change(why, change, text);
	if (area->flags & VM_GUARD)
		text_string(text, "; guard pages were put in by madvise, which the kernel's map "
				  "does not show");
}

/* The fact since which nothing is there; NULL: nothing ever was. */
static const struct fact *end_of_life(const struct biography *biography)
{
	for (size_t i = biography->n; i-- > 0;) {
		const struct fact *fact = &biography->facts[i];

		if ((fact->kind == FACT_UNMAPPED || fact->kind == FACT_MOVED_OUT ||
		     fact->kind == FACT_READ_BACK) &&
		    strcmp(fact->before, "----") != 0)
			return fact;
	}
	return NULL;
}

static void say_unmapped(const struct why *why, const struct fact *end, struct text *text)
{
	text_string(text, " is not mapped: ");
	if (end->kind == FACT_READ_BACK) {
		text_format(text, "gone when the kernel was asked after #%" PRIu64, end->number);
	} else {
		text_string(text, end->kind == FACT_UNMAPPED ? "unmapped by " : "moved by ");
		say_event(why, end->number, text);
	}
	if (end->kind == FACT_MOVED_OUT)
		text_format(text, " to 0x%" PRIx64, end->other);
	text_format(text, "; until then %s, %s", end->before,
		    strcmp(end->what, "-") == 0 ? "anonymous memory" : end->what);
}

/* "area 17 (7f00-7f10, rw-p, anonymous memory) ends 64 bytes below" */
static void say_neighbour(const struct why *why, const struct memory_area *area, uint64_t distance,
			  const char *where, struct text *text)
{
	say_what(&why->view->replay.space, area, text);
	text_format(text, " %s%s%s%s", perm_word(area->flags).s, where,
		    size_word(distance, why->options->common.bytes).s,
		    distance < 1024 ? " bytes " : " ");
}

static void say_neighbours(const struct why *why, struct text *text)
{
	const struct memory_set *set = why->view->replay.space.set;
	uint64_t at = why->point != 0 ? why->point : why->range.start;
	uint64_t end = why->point != 0 ? why->point : why->range.end - 1;
	struct memory_set_iter below = memory_set_iter_from_end(set, (struct addr_range){ 0, at });
	const struct memory_area *area = memory_set_iter_prev(&below);

	text_string(text, "; ");
	if (area != NULL) {
		say_neighbour(why, area, at - area->range.end, " ends ", text);
		text_string(text, "below");
	}
	if (area != NULL)
		text_string(text, ", ");
	area = memory_set_find_from(set, end);
	if (area == NULL)
		text_string(text, "nothing is above");
	else {
		say_neighbour(why, area, area->range.start - end, " begins ", text);
		text_string(text, "above");
	}
}

static bool is_mapped(const struct why *why)
{
	return why->area.range.end != 0;
}

static void say_headline(const struct why *why, struct text *text)
{
	const struct fact *end = end_of_life(&why->biography);

	say_place(why, text);
	if (is_mapped(why)) {
		say_mapped(why, text);
	} else if (end != NULL) {
		say_unmapped(why, end, text);
	} else {
		text_string(text, " is not mapped, and never was");
		if (why->view->first_event > 1)
			text_string(text, " in what is left of the history");
		else if (why->view->header->link == LEDGER_LINK_FORK)
			text_string(text, " since the process was forked");
		say_neighbours(why, text);
	}
}

/* ---------------------------------------------------------------------- the table */

static void say_moment(const struct why *why, struct text *text)
{
	text_string(text, "at ");
	if (why->last == why->view->first_event - 1) {
		text_string(text, "the start");
		return;
	}
	text_format(text, "event #%" PRIu64, why->last);
	if (why->last == why->view->last_event)
		text_string(text, " (end)");
}

/* Which page of which area, in which process, when. */
static void print_where(const struct why *why)
{
	const struct addr_range area = why->area.range;
	struct text text;
	TEXT_ON_STACK(text, 600);

	text_string(&text, "  ");
	if (is_mapped(why) && is_one_area(why)) {
		uint64_t page = (why->range.start - area.start) / VM_PAGE_SIZE + 1;

		if (why->range.end - why->range.start == VM_PAGE_SIZE)
			text_format(&text, "page %" PRIu64 " of %llu of ", page,
				    (area.end - area.start) / VM_PAGE_SIZE);
		if (why->area.origin != 0)
			text_format(&text, "area %" PRIu64 ", ", why->area.origin);
		text_format(&text, "%" PRIx64 "-%" PRIx64 " %s; ", area.start, area.end,
			    size_word(area.end - area.start, why->options->common.bytes).s);
	}
	view_program(why->view, &text);
	text_format(&text, ", pid %" PRIu32 ", ", why->view->header->pid);
	say_moment(why, &text);
	paint(PAINT_QUIET);
	puts(text.buffer);
	paint(PAINT_NONE);
}

static void print_details(const char *sentence)
{
	printf("%*s%s\n", DETAILS_COLUMN, "", sentence);
}

static void print_rounding(const struct why *why, const struct fact *fact)
{
	uint64_t asked, got;
	uint64_t rest = fact_rounding(fact, &asked, &got);
	struct text text;
	TEXT_ON_STACK(text, 200);

	if (rest == 0)
		return;
	text_format(&text, "length rounded up %" PRIu64 " -> %" PRIu64, asked, got);
	if (asked > VM_PAGE_SIZE && why->range.end - why->range.start == VM_PAGE_SIZE)
		text_format(&text, ": its last %s reached this page", count_word(rest, "byte").s);
	print_details(text.buffer);
}

/* A part of the pages only, or a place from which they were moved later. */
static void print_part(const struct why *why, const struct fact *fact)
{
	struct text text;
	TEXT_ON_STACK(text, 100);

	if (fact->where.start == why->range.start && fact->where.end == why->range.end)
		return;
	text_format(&text, "%s%" PRIx64 "-%" PRIx64,
		    fact->where.start >= why->range.start && fact->where.end <= why->range.end
			    ? "of it: "
			    : "it was at ",
		    fact->where.start, fact->where.end);
	print_details(text.buffer);
}

static bool drops_content(const struct fact *fact)
{
	if (fact->kind != FACT_ADVISED || fact->call.op != VM_OP_MADVISE)
		return false;
	return fact->call.args[2] == MADV_DONTNEED || fact->call.args[2] == MADV_FREE ||
	       fact->call.args[2] == MADV_REMOVE;
}

static const struct named_stack *stack_of_fact(const struct why *why, const struct fact *fact)
{
	if (fact->kind == FACT_FAULT)
		return &why->fault_stack;
	return fact->has_call ? stack_of_event(why->stacks, why->n_stacks, fact->number) : NULL;
}

static void print_stack(const struct why *why, const struct fact *fact)
{
	const struct named_stack *stack = stack_of_fact(why, fact);
	struct text text;
	TEXT_ON_STACK(text, 400);

	if (stack == NULL || stack->n == 0)
		return;
	if (why->options->stacks) {
		stack_print(stack, DETAILS_COLUMN);
		return;
	}
	text_string(&text, "by ");
	stack_line(stack, &text);
	print_details(text.buffer);
}

static void print_notes(const struct why *why, const struct fact *fact)
{
	struct text text;
	TEXT_ON_STACK(text, 200);

	print_stack(why, fact);
	print_part(why, fact);
	print_rounding(why, fact);
	if (fact->kind == FACT_MOVED_IN || fact->kind == FACT_MOVED_OUT) {
		text_format(&text, "%s%" PRIx64 ", with its content",
			    fact->kind == FACT_MOVED_IN ? "from 0x" : "to 0x", fact->other);
		print_details(text.buffer);
	}
	if (fact->has_call && (fact->call.flags & VM_CALL_NESTED))
		print_details("made in a signal handler, on top of another call");
	if (fact->has_call && (fact->call.flags & VM_CALL_REFUSED))
		print_details("refused by mapledger, as --policy told it to");
	if (fact->has_call && (fact->call.flags & VM_CALL_UNORDERED))
		print_details("its place in the order is not known: it raced with another call");
	if (fact->has_call && fact->reason != 0)
		print_details("effect read back from the kernel");
	if (drops_content(fact))
		print_details("the content of these pages was dropped");
}

static void say_read_back(const struct fact *fact, struct text *text)
{
	if (!fact->checked && fact->reason == VM_REASON_STACK) {
		text_string(text, "the kernel made the stack larger");
		return;
	}
	text_format(text, "no call was seen: %s",
		    fact->checked ? "found by a comparison" : vm_reason_name(fact->reason));
}

/* What stands in the place of the call where there was none. */
static void say_why_no_call(const struct fact *fact, struct text *text)
{
	switch (fact->kind) {
	case FACT_THERE:
		text_string(text, fact->reason == VM_REASON_BASELINE
					  ? "there before recording began"
					  : "as it was where the history that is left begins");
		break;
	case FACT_READ_BACK:
		say_read_back(fact, text);
		break;
	default:
		break;
	}
	if (fact->what[0] != '\0' && strcmp(fact->what, "-") != 0)
		text_format(text, "  %s", fact->what);
}

static void say_fault(const struct why *why, struct text *text)
{
	const struct ledger_fault *fault = &why->view->header->fault;
	const char *access = fault_access_name(fault);
	const char *code = fault_code_name(fault);

	text_format(text, "%s of 0x%" PRIx64 " refused  ", access != NULL ? access : "access",
		    fault->address);
	text_signal(text, fault->signal);
	if (code != NULL)
		text_format(text, " %s", code);
}

static void say_effect(const struct fact *fact, struct text *text)
{
	text_string(text, fact->before);
	if (strcmp(fact->before, fact->after) == 0)
		return;
	text_format(text, " -> %s", fact->after);
}

static bool is_bad(const struct fact *fact)
{
	return fact->kind == FACT_FAULT || fact->kind == FACT_REFUSED;
}

/* 0: none is known. */
static uint32_t fact_thread(const struct why *why, const struct fact *fact)
{
	if (fact->kind == FACT_FAULT)
		return why->view->header->fault.tid;
	return fact->has_call ? fact->call.tid : 0;
}

static void print_fact(const struct why *why, const struct fact *fact)
{
	uint64_t ns = ledger_reader_time_ns(why->view->reader, fact->ticks);
	struct text call, effect;
	char number[24] = "";
	char thread[24];

	TEXT_ON_STACK(call, 512);
	TEXT_ON_STACK(effect, 64);
	if (fact->has_call) {
		snprintf(number, sizeof(number), "#%" PRIu64, fact->number);
		call_text(&fact->call, fact->kind != FACT_IN_FLIGHT, &call);
		if (fact->call.op == VM_OP_MMAP && strcmp(fact->what, "-") != 0 &&
		    fact->kind != FACT_REFUSED)
			text_format(&call, "  %s", fact->what);
	} else if (fact->kind == FACT_FAULT) {
		say_fault(why, &call);
	} else {
		say_why_no_call(fact, &call);
	}
	say_effect(fact, &effect);
	paint(is_bad(fact) ? PAINT_DANGER : fact->has_call ? PAINT_NONE : PAINT_QUIET);
	printf(" %c %-6s", is_bad(fact) ? '!' : fact->has_call ? ' ' : '~', number);
	snprintf(thread, sizeof(thread), "t%" PRIu32, fact_thread(why, fact));
	printf("%6" PRIu64 ".%03" PRIu64 " ms  %-8s ", ns / 1000000, ns / 1000 % 1000,
	       fact_thread(why, fact) != 0 ? thread : "");
	print_padded(fact_kind_name(fact->kind), 9);
	putchar(' ');
	print_padded(effect.buffer, 12);
	printf("  %s\n", call.buffer);
	paint(PAINT_NONE);
	print_notes(why, fact);
}

static size_t first_shown(const struct why *why)
{
	uint64_t n = why->options->has_tail ? why->options->tail : FACTS_SHOWN;

	if ((why->options->all && !why->options->has_tail) || why->biography.n <= n)
		return 0;
	return why->biography.n - (size_t)n;
}

static void print_left_out(const struct why *why, uint64_t n)
{
	if (why->view->first_event > 1)
		printf(" ~ events #1 to #%" PRIu64 " were overwritten: what they did here is not "
		       "known\n",
		       why->view->first_event - 1);
	if (n > 0)
		printf(" ~ %" PRIu64 " earlier events are left out; --all shows them\n", n);
}

static void print_footer(const struct why *why)
{
	const struct biography *biography = &why->biography;
	const struct fact *fault = last_of(biography, FACT_FAULT);

	if (fault != NULL)
		printf("the whole story of the crash: mapledger explain\n");
	if (biography->n == 0 && why->view->first_event == 1)
		puts("  no event was about it");
}

static void print_why(const struct why *why)
{
	size_t first = first_shown(why);
	struct text text;
	TEXT_ON_STACK(text, 1000);

	say_headline(why, &text);
	paint(PAINT_HEAD);
	puts(text.buffer);
	paint(PAINT_NONE);
	print_where(why);
	print_left_out(why, why->biography.n_lost + first);
	for (size_t i = first; i < why->biography.n; i++)
		print_fact(why, &why->biography.facts[i]);
	print_footer(why);
}

/* ------------------------------------------------------------------------ json */

static void json_fact(const struct why *why, const struct fact *fact)
{
	struct json *json = why->json;
	uint64_t asked, got;
	struct text text;
	TEXT_ON_STACK(text, 600);

	json_object(json, NULL);
	json_string(json, "what", fact_kind_name(fact->kind));
	json_unsigned(json, "event", fact->number);
	json_unsigned(json, "time_ns", ledger_reader_time_ns(why->view->reader, fact->ticks));
	json_address(json, "start", fact->where.start);
	json_address(json, "end", fact->where.end);
	json_string(json, "before", fact->before);
	json_string(json, "after", fact->after);
	json_string(json, "object", strcmp(fact->what, "-") == 0 ? NULL : fact->what);
	if (fact->has_call) {
		vm_call_format(&text, &fact->call, fact->kind != FACT_IN_FLIGHT);
		json_string(json, "call", vm_op_info(fact->call.op)->name);
		json_unsigned(json, "tid", fact->call.tid);
		json_bytes(json, "text", text.buffer, text.len);
		json_string(json, "tier", vm_tier_name(fact->call.tier));
	}
	if (fact->reason != 0)
		json_string(json, "read_back", vm_reason_name(fact->reason));
	if (stack_of_fact(why, fact) != NULL)
		stack_json(json, "stack", stack_of_fact(why, fact));
	if (fact_rounding(fact, &asked, &got) != 0) {
		json_unsigned(json, "length_asked", asked);
		json_unsigned(json, "length_rounded", got);
	}
	if (fact->kind == FACT_MOVED_IN)
		json_address(json, "moved_from", fact->other);
	if (fact->kind == FACT_MOVED_OUT)
		json_address(json, "moved_to", fact->other);
	json_end_object(json);
}

static void json_why(const struct why *why)
{
	struct json *json = why->json;
	struct text text;
	TEXT_ON_STACK(text, 1000);

	say_headline(why, &text);
	json_object(json, NULL);
	json_string(json, "ledger", why->view->name);
	json_unsigned(json, "pid", why->view->header->pid);
	json_unsigned(json, "event", why->last);
	json_unsigned(json, "first_event", why->view->first_event);
	if (why->point != 0)
		json_address(json, "address", why->point);
	json_address(json, "start", why->range.start);
	json_address(json, "end", why->range.end);
	json_bool(json, "mapped", is_mapped(why));
	json_bytes(json, "text", text.buffer, text.len);
	if (is_mapped(why)) {
		json_object(json, "area");
		area_json(json, &why->view->replay.space, &why->area);
		json_end_object(json);
	}
	json_unsigned(json, "n_left_out", why->biography.n_lost);
	json_array(json, "history");
	for (size_t i = 0; i < why->biography.n; i++)
		json_fact(why, &why->biography.facts[i]);
	json_end_array(json);
	json_end_object(json);
}

/* -------------------------------------------------------------------- the command */

/* All that the same call mapped in one piece with it. */
static struct addr_range whole_area(const struct memory_set *set, uint64_t addr)
{
	const struct memory_area *area = memory_set_find(set, addr);
	const struct memory_area *next;
	struct addr_range range;

	if (area == NULL)
		return (struct addr_range){ vm_page_down(addr), vm_page_down(addr) + VM_PAGE_SIZE };
	range = area->range;
	while (area->origin != 0 && (next = memory_set_find(set, range.end)) != NULL &&
	       next->origin == area->origin)
		range.end = next->range.end;
	while (area->origin != 0 && range.start > 0 &&
	       (next = memory_set_find(set, range.start - 1)) != NULL &&
	       next->origin == area->origin)
		range.start = next->range.start;
	return range;
}

static void forget(struct why *why)
{
	stacks_forget(why->stacks, why->n_stacks);
	free(why->stacks);
	why->stacks = NULL;
	why->n_stacks = 0;
	stack_free(&why->fault_stack);
	biography_free(&why->biography);
}

static void name_stack(struct why *why, const struct fact *fact)
{
	struct event_stack *wanted = &why->stacks[why->n_stacks++];

	wanted->event = fact->number;
	if (fact->stack != NULL)
		stack_name_placed(why->view, stack_names(why->view), fact->stack, &wanted->stack);
}

/* The calls that are shown, and the one that mapped the area, which may be long ago. */
static void name_stacks(struct why *why)
{
	size_t first = why->json != NULL ? 0 : first_shown(why);
	const struct biography *biography = &why->biography;

	why->stacks = heap_array(biography->n - first + 1, sizeof(*why->stacks));
	for (size_t i = 0; i < biography->n; i++) {
		const struct fact *fact = &biography->facts[i];
		bool is_origin = i < first && fact->number == why->area.origin;

		if (fact->has_call && fact->call.stack != 0 && (i >= first || is_origin))
			name_stack(why, fact);
	}
}

/* The fault's own frames: the first is the instruction itself. */
static void name_fault(struct why *why)
{
	const struct ledger_trace trace = fault_trace(&why->view->header->fault);

	if (last_of(&why->biography, FACT_FAULT) != NULL)
		stack_name(why->view, stack_names(why->view), &trace, &why->fault_stack);
}

static void explain(struct why *why)
{
	const struct memory_area *area;

	biography_read(why->view, why->range, why->at, &why->biography);
	area = memory_set_find_from(why->view->replay.space.set,
				    why->point != 0 ? why->point : why->range.start);
	if (area != NULL && area->range.start < why->range.end &&
	    (why->point == 0 || area->range.start <= why->point))
		why->area = *area;
	name_stacks(why);
	name_fault(why);
	if (why->json != NULL)
		json_why(why);
	else
		print_why(why);
	forget(why);
}

static void explain_all(struct why *why, const struct place_ranges *ranges)
{
	for (size_t i = 0; i < ranges->n; i++) {
		if (i == PLACES_SHOWN && why->json == NULL && !why->options->all) {
			printf("%zu more such places; --all shows them\n", ranges->n - i);
			break;
		}
		why->range = ranges->ranges[i];
		if (why->options->area) {
			view_fold(why->view, why->at);
			why->range = whole_area(why->view->replay.space.set, why->range.start);
		}
		why->area = (struct memory_area){ 0 };
		if (i > 0 && why->json == NULL)
			putchar('\n');
		explain(why);
	}
}

static int show(struct ledger_view *view, const void *given)
{
	const struct why_options *options = given;
	struct why why = { .view = view, .options = options };
	struct place_ranges ranges;

	if (!moment_settle(view, options->common.at, &why.at) ||
	    !place_find(view, why.at, &options->place, &ranges))
		return CLI_TROUBLE;
	why.last = why.at.event;
	why.point = ranges.point;
	if (options->common.json)
		why.json = json_create();
	explain_all(&why, &ranges);
	view_say_damage(view);
	json_destroy(why.json);
	place_ranges_free(&ranges);
	return CLI_FINE;
}

static int cmd_why(const void *given, int n_operands, char **operands)
{
	struct why_options options = *(const struct why_options *)given;
	const char *wrong;

	if (n_operands == 0) {
		complain("why: which address? For example: mapledger why 0x7f1234567000");
		return CLI_TROUBLE;
	}
	wrong = syntax_parse_place(operands[0], &options.place);
	if (wrong != NULL) {
		complain("why: '%s' %s", operands[0], wrong);
		return CLI_TROUBLE;
	}
	return open_and_show(&options.common, n_operands - 1, operands + 1, show, &options);
}

static const struct option_row rows[] = {
	COMMON_ROW(struct why_options, PID),
	COMMON_ROW(struct why_options, AT),
	{ "area", 0, NULL, "not of the page alone: of the whole area that it lies in",
	  OPTION_FLAG(struct why_options, area) },
	{ "tail", 'n', "N", "only the last N lines", OPTION_NUMBER(struct why_options, tail),
	  .given = offsetof(struct why_options, has_tail) },
	{ "all", 0, NULL, "every event, however many", OPTION_FLAG(struct why_options, all) },
	{ "bt", 0, NULL, "the whole stack of each call", OPTION_FLAG(struct why_options, stacks) },
	COMMON_ROW(struct why_options, SYSROOT),
	COMMON_ROW(struct why_options, BYTES),
	COMMON_ROW(struct why_options, JSON),
	COMMON_ROW(struct why_options, COLOR),
	COMMON_ROW(struct why_options, HELP),
};

const struct command command_why = {
	.name = "why",
	.usage = "[OPTION...] ADDRESS [FILE]",
	.summary = "who mapped, changed and unmapped what is at an address",
	.details = COMMAND_DETAILS_OF_FILE
	"\n"
	"ADDRESS is 0x7f12040, 0x7f12000-0x7f14000, 0x7f12000+8K, lib:libssl, path:'*.db',\n"
	"[heap], [stack], stack:TID, area:31 (what event 31 mapped), sym:NAME, or of a crash\n"
	"`fault' and `pc'.\n"
	"\n"
	"Lines that begin with ~ are no calls: what was there before recording began, or what\n"
	"the kernel said when it was asked. Lines that begin with ! were refused. Memory that\n"
	"mremap moved is followed to where it was before.\n",
	COMMAND_OPTIONS(struct why_options, rows),
	.run = cmd_why,
	.trouble = CLI_TROUBLE,
};
