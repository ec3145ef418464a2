/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include "cli/commands/why_headline.h"
#include "cli/commands/why_screen.h"
#include "cli/text/call_text.h"
#include "cli/text/fault_text.h"
#include "cli/text/output.h"
#include "cli/text/stack_text.h"
#include "cli/text/view_text.h"
#include "cli/text/word.h"

#define DETAILS_COLUMN 33

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
	if (why_is_mapped(why) && why_is_one_area(why)) {
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

static void print_stack(const struct why *why, const struct fact *fact)
{
	const struct named_stack *stack = why_stack_of(why, fact);
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
	const struct fact *fault = why_last_fact(biography, FACT_FAULT);

	if (fault != NULL)
		printf("the whole story of the crash: mapledger explain\n");
	if (biography->n == 0 && why->view->first_event == 1)
		puts("  no event was about it");
}

void why_print(const struct why *why)
{
	size_t first = why_first_shown(why);
	struct text text;
	TEXT_ON_STACK(text, 1000);

	why_say_headline(why, &text);
	paint(PAINT_HEAD);
	puts(text.buffer);
	paint(PAINT_NONE);
	print_where(why);
	print_left_out(why, why->biography.n_lost + first);
	for (size_t i = first; i < why->biography.n; i++)
		print_fact(why, &why->biography.facts[i]);
	print_footer(why);
}
