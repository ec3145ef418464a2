/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include "query/crash.h"

/* Nobody maps below: vm.mmap_min_addr. */
#define NULL_ZONE 0x10000

/* A fault so near to the stack pointer is the stack's own: frames are rarely larger. */
#define STACK_REACH (1ULL << 20)
#define RED_ZONE                                                                                   \
	128 /* below the stack pointer, and a function's that calls no other (x86-64 psABI) */

/* Local arrays larger than that are none. */
#define FRAME_REACH (256ULL << 20)

/* Where the processor's word is not known: what is missing tells what was tried. */
static uint64_t guess_needs(const struct crash *crash)
{
	if (crash->fault->code != SEGV_ACCERR || !crash->mapped)
		return 0;
	if (!(crash->area.flags & VM_READ))
		return VM_READ;
	return crash->area.flags & VM_WRITE ? VM_EXEC : VM_WRITE;
}

uint64_t crash_needs(const struct crash *crash)
{
	switch (crash->fault->access) {
	case LEDGER_ACCESS_READ:
		return VM_READ;
	case LEDGER_ACCESS_WRITE:
		return VM_WRITE;
	case LEDGER_ACCESS_EXECUTE:
		return VM_EXEC;
	}
	return guess_needs(crash);
}

static bool allows(bool mapped, const struct memory_area *area, const struct crash *crash)
{
	uint64_t needs = crash_needs(crash);

	return mapped && (area->flags & needs) == needs && !(area->flags & VM_GUARD);
}

/* ---------------------------------------------------------------- neighbours */

static void find_neighbours(struct crash *crash, const struct vm_space *space)
{
	uint64_t page = crash->page;
	const struct memory_area *above = memory_set_find_from(space->set, page);
	struct memory_set_iter iter =
		memory_set_iter_from_end(space->set, (struct addr_range){ 0, page });
	const struct memory_area *below = page > 0 ? memory_set_iter_prev(&iter) : NULL;

	crash->has_above = above != NULL;
	if (above != NULL)
		crash->above = *above;
	crash->has_below = below != NULL;
	if (below != NULL)
		crash->below = *below;
}

/* --------------------------------------------------------------------- stacks */

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/*
 * The stack pointer is at the page, and a writable area begins above it: that is
 * the stack, and the page what guards it (or, of the main thread, the limit).
 */
static bool is_stack_overflow(struct crash *crash, const struct vm_space *space)
{
	const struct ledger_fault *fault = crash->fault;
	uint64_t from = crash->mapped ? crash->area.range.end : crash->page;
	const struct memory_area *stack = memory_set_find_from(space->set, from);

	if (fault->access == LEDGER_ACCESS_EXECUTE || stack == NULL || !(stack->flags & VM_WRITE) ||
	    stack->tag[VM_TAG_OBJECT] != 0 || distance(fault->address, fault->sp) > STACK_REACH)
		return false;
	if (crash->mapped ? (crash->area.flags & VM_PROT) != 0 || stack->range.start != from
			  : stack->range.start - from > STACK_REACH)
		return false;
	/* A pointer into another thread's stack is no overflow: sp is in or below this one. */
	if (fault->sp >= stack->range.end)
		return false;
	crash->stack = *stack;
	return true;
}

/* The one that begins above, be there a guard below it or not. */
static const struct memory_area *find_stack_above(const struct vm_space *space, uint64_t page)
{
	const struct memory_area *area = memory_set_find_from(space->set, page);

	if (area != NULL && (area->flags & VM_PROT) == 0)
		area = memory_set_find(space->set, area->range.end);
	return area;
}

/*
 * A frame larger than what is left of the stack, and its guard, puts the stack pointer
 * where nothing is. Whatever is touched between that and the stack is the frame's.
 */
static bool is_frame_too_large(struct crash *crash, const struct vm_space *space)
{
	const struct ledger_fault *fault = crash->fault;
	const struct memory_area *stack = find_stack_above(space, crash->page);

	if (fault->access == LEDGER_ACCESS_EXECUTE || stack == NULL || !(stack->flags & VM_WRITE) ||
	    stack->tag[VM_TAG_OBJECT] != 0 || memory_set_find(space->set, fault->sp) != NULL ||
	    vm_page_down(fault->sp - RED_ZONE) > crash->page ||
	    stack->range.start - fault->sp > FRAME_REACH)
		return false;
	crash->stack = *stack;
	return true;
}

/* ----------------------------------------------------------------------- kind */

static enum crash_kind kind_of_mapped(struct crash *crash, const struct vm_space *space)
{
	if (crash->fault->code == SEGV_PKUERR)
		return CRASH_KEY;
	if (crash->fault->page == LEDGER_PAGE_GUARD || (crash->area.flags & VM_GUARD))
		return CRASH_GUARD_REGION;
	if (is_stack_overflow(crash, space))
		return CRASH_STACK_OVERFLOW;
	return allows(true, &crash->area, crash) ? CRASH_ALLOWED : CRASH_REFUSED;
}

static bool was_ever_mapped(const struct biography *history)
{
	for (size_t i = 0; i < history->n; i++)
		if (history->facts[i].was.mapped || history->facts[i].is.mapped)
			return true;
	return false;
}

static enum crash_kind kind_of_unmapped(struct crash *crash, const struct vm_space *space)
{
	if (is_stack_overflow(crash, space) || is_frame_too_large(crash, space))
		return CRASH_STACK_OVERFLOW;
	if (crash->held || was_ever_mapped(&crash->history))
		return CRASH_UNMAPPED;
	return crash->fault->address < NULL_ZONE ? CRASH_NULL : CRASH_NEVER;
}

static enum crash_kind kind_of(struct crash *crash, const struct vm_space *space)
{
	const struct ledger_fault *fault = crash->fault;

	if (fault->code <= 0)
		return CRASH_SENT;
	if (fault->code == SI_KERNEL)
		return CRASH_NO_ADDRESS;
	if (fault->signal == SIGBUS)
		return fault->code == BUS_ADRERR && crash->mapped &&
				       crash->area.tag[VM_TAG_OBJECT] != 0
			       ? CRASH_PAST_END
			       : CRASH_BUS;
	return crash->mapped ? kind_of_mapped(crash, space) : kind_of_unmapped(crash, space);
}

/* ---------------------------------------------------------------------- causes */

/* The event that mapped what is there now, or was there last. */
static const struct fact *find_mapping(const struct crash *crash)
{
	const struct biography *history = &crash->history;

	for (size_t i = history->n; i-- > 0;)
		if (fact_mapped_page(&history->facts[i]))
			return &history->facts[i];
	return NULL;
}

/* The last event before which the access was allowed, and behind which it was not. */
static const struct fact *find_cause(const struct crash *crash)
{
	const struct biography *history = &crash->history;

	for (size_t i = history->n; i-- > 0;) {
		const struct fact *fact = &history->facts[i];

		if (allows(fact->was.mapped, &fact->was.area, crash) &&
		    !allows(fact->is.mapped, &fact->is.area, crash))
			return fact;
	}
	return NULL;
}

static void find_causes(struct crash *crash)
{
	const struct fact *cause = find_cause(crash);

	crash->mapped_by = find_mapping(crash);
	if (cause == NULL)
		return;
	crash->made_so = cause;
	crash->before = &cause->was.area;
	crash->unseen = !cause->has_call && !cause->checked;
}

/* ----------------------------------------------------------------------- hints */

/* Was the page reached only because lengths are rounded up to whole pages? */
static bool is_overhang(const struct crash *crash, const struct fact *cause)
{
	return overhang_kind(&cause->overhang) != OVERHANG_NONE &&
	       cause->overhang.page == crash->page;
}

/* An earlier munmap of the very same range, whose memory another call has mapped since. */
static const struct fact *find_first_unmap(const struct crash *crash, const struct fact *cause)
{
	const struct vm_call *second = &cause->call;

	for (const struct fact *fact = cause; fact-- > crash->history.facts;) {
		if (fact->has_call && unmap_is_repeated(&fact->call, second))
			return fact;
	}
	return NULL;
}

static enum crash_hint hint_of_unmap(struct crash *crash, const struct fact *cause)
{
	if (is_overhang(crash, cause))
		return CRASH_UNMAP_OVERHANG;
	crash->other = find_first_unmap(crash, cause);
	if (crash->other != NULL)
		return CRASH_DOUBLE_UNMAP;
	return crash_needs(crash) == VM_EXEC ? CRASH_UNLOADED : CRASH_USED_AFTER;
}

static enum crash_hint hint_of_call(struct crash *crash, const struct fact *cause)
{
	const struct vm_call *call = &cause->call;

	if (protect_is_partial(call, 1)) /* the page at hand */
		return CRASH_PARTIAL;
	if (vm_call_is_protect(call) && is_overhang(crash, cause))
		return CRASH_OVERHANG;
	if (call->op == VM_OP_MUNMAP)
		return hint_of_unmap(crash, cause);
	if (call_takes_place(call))
		return CRASH_CLOBBERED;
	return CRASH_NO_HINT;
}

/* Is there something else by now where the cause left nothing? */
static bool is_reused(const struct crash *crash)
{
	return crash->mapped && crash->made_so != NULL && !crash->made_so->is.mapped;
}

/* A call that allowed the access on the page below, and ended there. */
static bool stopped_short(const struct crash *crash, const struct fact *fact)
{
	const struct vm_call *call = &fact->call;
	uint64_t needs = crash_needs(crash);

	return fact->has_call && vm_call_is_protect(call) && !vm_call_failed(call) &&
	       (vm_flags_from_prot(call->args[2]) & needs) == needs &&
	       vm_page_up(call->args[0] + call->args[1]) == crash->page;
}

static void find_short_call(struct crash *crash, struct ledger_view *view)
{
	if (crash->kind != CRASH_REFUSED || crash->page < VM_PAGE_SIZE)
		return;
	biography_read_changes(view, crash->page - VM_PAGE_SIZE, &crash->history_below);
	for (size_t i = crash->history_below.n; i-- > 0 && crash->other == NULL;)
		if (stopped_short(crash, &crash->history_below.facts[i]))
			crash->other = &crash->history_below.facts[i];
	if (crash->other != NULL)
		crash->hint = CRASH_STOPPED_SHORT;
}

static void find_hint(struct crash *crash, struct ledger_view *view)
{
	const struct fact *cause = crash->made_so;

	if (cause != NULL && cause->has_call)
		crash->hint = hint_of_call(crash, cause);
	if (is_reused(crash) && crash->hint != CRASH_DOUBLE_UNMAP)
		crash->hint = CRASH_REUSED;
	if (crash->hint == CRASH_NO_HINT && cause == NULL)
		find_short_call(crash, view);
}

/* ------------------------------------------------------------------------ all */

void crash_find(struct crash *crash, struct ledger_view *view)
{
	const struct vm_space *space = &view->replay.space;
	const struct memory_area *area;

	*crash = (struct crash){ .fault = &view->header->fault };
	crash->page = vm_page_down(crash->fault->address);
	biography_read_changes(view, crash->page, &crash->history);
	area = memory_set_find(space->set, crash->page);
	crash->held = area != NULL && (area->flags & VM_HELD);
	crash->mapped = area != NULL && !crash->held;
	if (crash->mapped)
		crash->area = *area;
	else
		find_neighbours(crash, space);
	crash->kind = kind_of(crash, space);
	if (crash->kind == CRASH_SENT || crash->kind == CRASH_NO_ADDRESS)
		return;
	find_causes(crash);
	find_hint(crash, view);
}

void crash_free(struct crash *crash)
{
	biography_free(&crash->history);
	biography_free(&crash->history_below);
}
