/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include "ledger/ledger_trace.h"
#include "query/area_kind.h"
#include "query/biography.h"
#include "query/heap.h"
#include "query/moment.h"

#define FACTS_MAX 65536 /* of one place; a page of malloc's can have millions */
#define MOVES_MAX 16	/* that are followed */

const char *fact_kind_name(enum fact_kind kind)
{
	static const char *const names[FACT_KIND_COUNT] = {
		[FACT_THERE] = "was there",	[FACT_MAPPED] = "mapped",
		[FACT_REPLACED] = "replaced",	[FACT_CHANGED] = "changed",
		[FACT_UNMAPPED] = "unmapped",	[FACT_MOVED_IN] = "moved in",
		[FACT_MOVED_OUT] = "moved out", [FACT_ADVISED] = "advised",
		[FACT_REFUSED] = "refused",	[FACT_NOTHING] = "no change",
		[FACT_READ_BACK] = "read back", [FACT_IN_FLIGHT] = "in flight",
		[FACT_FAULT] = "FAULT",
	};

	return kind < FACT_KIND_COUNT ? names[kind] : "?";
}

static void forget_stacks(struct fact *facts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(facts[i].stack);
}

void biography_free(struct biography *biography)
{
	forget_stacks(biography->facts, biography->n);
	free(biography->facts);
	*biography = (struct biography){ 0 };
}

/* -------------------------------------------------------------------------- walking */

/*
 * A walk that collects the facts about one place.
 *
 * @was:      what lay there after the last fact
 * @page_was, @page_is: the first page, before and after the event at hand
 * @overhang: of the call at hand
 */
struct place_walk {
	struct ledger_view *view;
	struct biography *biography;
	struct touch target; /* one range */
	bool only_changes;   /* of the first page */
	struct effect_pieces was;
	struct effect_pieces is;
	struct page_state page_was, page_is;
	struct overhang overhang;
	bool begun; /* the start has been seen */
};

static void drop_oldest_half(struct biography *biography)
{
	size_t half = biography->n / 2;

	forget_stacks(biography->facts, half);
	memmove(biography->facts, biography->facts + half,
		(biography->n - half) * sizeof(*biography->facts));
	biography->n -= half;
	biography->n_lost += half;
}

static struct page_state look_at_page(const struct place_walk *walk)
{
	const struct memory_area *area =
		memory_set_find(walk->view->replay.space.set, walk->target.range[0].start);

	if (area == NULL || (area->flags & VM_HELD))
		return (struct page_state){ 0 };
	return (struct page_state){ true, *area };
}

/* A new fact about the event at hand, zero but for its page. */
static struct fact *add_fact(struct place_walk *walk, const struct history_event *event)
{
	struct biography *biography = walk->biography;

	if (biography->n == FACTS_MAX)
		drop_oldest_half(biography);
	biography->facts = heap_grow(biography->facts, biography->n, &biography->capacity, 64,
				     sizeof(struct fact));
	biography->facts[biography->n] = (struct fact){
		.number = event->number,
		.ticks = event->ticks,
		.was = walk->page_was,
		.is = walk->page_is,
		.overhang = walk->overhang,
	};
	return &biography->facts[biography->n++];
}

static void name_of_piece(const struct vm_space *space, const struct effect_pieces *pieces,
			  struct text *text)
{
	struct memory_area area;

	if (pieces->n == 0)
		return;
	area = (struct memory_area){
		.range = pieces->pieces[0].range,
		.flags = pieces->pieces[0].flags,
		.tag = { [VM_TAG_OBJECT] = pieces->pieces[0].object },
	};
	area_what(space, &area, text);
}

static void look(struct place_walk *walk)
{
	effect_look(&walk->is, &walk->view->replay.space, &walk->target);
}

static bool differs(const struct place_walk *walk)
{
	return effect_changed_bytes(&walk->was, &walk->is, &walk->target) > 0;
}

static struct addr_range meet(struct addr_range a, struct addr_range b)
{
	return (struct addr_range){ a.start > b.start ? a.start : b.start,
				    a.end < b.end ? a.end : b.end };
}

/* What was and is in the fact's part of the target. */
static void say_before_and_after(const struct place_walk *walk, struct fact *fact)
{
	const struct vm_space *space = &walk->view->replay.space;
	struct touch part = { 1, { fact->where } };
	struct effect_pieces was = { 0 };
	struct effect_pieces is = { 0 };
	struct text text;

	effect_clip(&walk->was, fact->where, &was);
	effect_clip(&walk->is, fact->where, &is);
	text_init(&text, fact->before, sizeof(fact->before));
	effect_perms(&was, &part, &text);
	text_init(&text, fact->after, sizeof(fact->after));
	effect_perms(&is, &part, &text);
	text_init(&text, fact->what, sizeof(fact->what));
	name_of_piece(space, is.n > 0 ? &is : &was, &text);
	effect_pieces_free(&was);
	effect_pieces_free(&is);
}

static void keep_look(struct place_walk *walk)
{
	struct effect_pieces old = walk->was;

	walk->was = walk->is;
	walk->is = old;
}

/* ----------------------------------------------------------------------------- pages */

static bool is_mapped_anew(const struct page_state *was, const struct page_state *is)
{
	return is->mapped && (!was->mapped || was->area.origin != is->area.origin ||
			      was->area.tag[VM_TAG_OBJECT] != is->area.tag[VM_TAG_OBJECT]);
}

/* Is something else there, or nothing any more, or may something else be done to it? */
static bool page_changed(const struct page_state *was, const struct page_state *is)
{
	const uint64_t shown = VM_VISIBLE | VM_GUARD | VM_PKEY_MASK;

	return was->mapped != is->mapped || is_mapped_anew(was, is) ||
	       (is->mapped && ((was->area.flags ^ is->area.flags) & shown) != 0);
}

bool fact_mapped_page(const struct fact *fact)
{
	return is_mapped_anew(&fact->was, &fact->is);
}

/* ---------------------------------------------------------------------------- calls */

/* What is beyond the old length was mapped anew; without an old length, all of it. */
static enum fact_kind kind_of_mremap(const struct vm_call *call, struct addr_range range,
				     const struct place_walk *walk)
{
	uint64_t old_size = vm_page_up(call->args[1]);
	uint64_t from = call->args[0];
	uint64_t to = (uint64_t)call->result;
	bool is_there = walk->is.n > 0;

	if (from == to && !differs(walk))
		return FACT_NOTHING;
	if (from == to)
		return is_there ? FACT_MAPPED : FACT_UNMAPPED;
	if (vm_ranges_meet(range, (struct addr_range){ to, vm_page_up(to + call->args[2]) }))
		return range.start - to < old_size ? FACT_MOVED_IN : FACT_MAPPED;
	return vm_ranges_meet(range, (struct addr_range){ from, from + old_size }) ? FACT_MOVED_OUT
										   : FACT_NOTHING;
}

static enum fact_kind kind_of_success(const struct place_walk *walk, const struct fact *fact)
{
	const struct vm_call *call = &fact->call;
	bool was_there = walk->was.n > 0;
	bool is_there = walk->is.n > 0;

	switch (call->op) {
	case VM_OP_MMAP:
	case VM_OP_SHMAT:
	case VM_OP_IO_SETUP:
	case VM_OP_REMAP_FILE_PAGES:
		return was_there ? FACT_REPLACED : FACT_MAPPED;
	case VM_OP_MREMAP:
		return kind_of_mremap(call, fact->where, walk);
	case VM_OP_MADVISE:
	case VM_OP_PROCESS_MADVISE:
		return FACT_ADVISED;
	default:
		if (!differs(walk))
			return FACT_NOTHING;
		if (!was_there)
			return FACT_MAPPED;
		return is_there ? FACT_CHANGED : FACT_UNMAPPED;
	}
}

static enum fact_kind kind_of_call(const struct place_walk *walk, const struct history_event *event,
				   const struct fact *fact)
{
	if (!event->finished)
		return FACT_IN_FLIGHT;
	if (!call_was_refused(&event->call))
		return kind_of_success(walk, fact);
	if (!differs(walk))
		return FACT_REFUSED;
	if (walk->was.n == 0)
		return FACT_MAPPED;
	return walk->is.n > 0 ? FACT_CHANGED : FACT_UNMAPPED;
}

/* The other place of memory that mremap moved: as far from its start as this is. */
static uint64_t other_place(const struct fact *fact)
{
	uint64_t from = fact->call.args[0];
	uint64_t to = (uint64_t)fact->call.result;

	if (fact->kind == FACT_MOVED_IN)
		return fact->where.start - to + from;
	return fact->where.start - from + to;
}

/* The part of the target that the call is about; false: none. */
static bool call_meets(const struct history_event *event, struct addr_range target,
		       struct addr_range *where)
{
	for (unsigned i = 0; i < event->touch.n; i++) {
		if (!vm_ranges_meet(event->touch.range[i], target))
			continue;
		*where = meet(event->touch.range[i], target);
		return true;
	}
	*where = target;
	return vm_ranges_meet(event->answered, target);
}

static void read_call(struct place_walk *walk, const struct history_event *event)
{
	struct ledger_trace trace;
	struct addr_range where;
	struct fact *fact;

	if (!call_meets(event, walk->target.range[0], &where))
		return;
	look(walk);
	/* Only an answer about more than the call touches this, and it confirms what was known. */
	if (!touch_overlaps(&event->touch, walk->target.range[0]) && !differs(walk))
		return;
	fact = add_fact(walk, event);
	fact->has_call = true;
	fact->call = event->call;
	fact->where = where;
	fact->reason = (uint8_t)event->read_back;
	fact->kind = kind_of_call(walk, event, fact);
	if (fact->kind == FACT_MOVED_IN || fact->kind == FACT_MOVED_OUT)
		fact->other = other_place(fact);
	if (view_stack(walk->view, fact->call.stack, &trace))
		fact->stack = stack_place(walk->view, &trace);
	say_before_and_after(walk, fact);
	keep_look(walk);
}

/* -------------------------------------------------------------------- the kernel's word */

static void read_answer(struct place_walk *walk, const struct history_event *event)
{
	bool is_check = event->kind == HISTORY_CHECK;
	bool is_start = !is_check && !walk->begun &&
			(event->resync.reason == VM_REASON_BASELINE ||
			 event->resync.reason == VM_REASON_CHECKPOINT);
	struct fact *fact;

	look(walk);
	if (!walk->only_changes && !differs(walk))
		return;
	fact = add_fact(walk, event);
	fact->kind = is_start ? FACT_THERE : FACT_READ_BACK;
	fact->checked = is_check;
	fact->reason = is_check ? 0 : event->resync.reason;
	fact->where = walk->target.range[0];
	say_before_and_after(walk, fact);
	keep_look(walk);
}

static bool answer_meets(const struct history_event *event, struct addr_range target)
{
	if (event->kind == HISTORY_CHECK)
		return vm_ranges_meet((struct addr_range){ event->check.start, event->check.end },
				      target);
	return vm_ranges_meet((struct addr_range){ event->resync.start, event->resync.end },
			      target);
}

static bool begins(void *context, struct history_event *event)
{
	struct place_walk *walk = context;
	struct addr_range target = walk->target.range[0];

	if (event->kind == HISTORY_MARK)
		return false;
	/* Whether what the kernel answers about a call meets the place is known only after it. */
	if (event->kind == HISTORY_CALL
		    ? walk->only_changes && !touch_overlaps(&event->touch, target)
		    : !answer_meets(event, target))
		return false;
	walk->page_was = look_at_page(walk);
	walk->overhang = (struct overhang){ 0 };
	if (touch_overlaps(&event->touch, target))
		walk->overhang = overhang_of_call(&walk->view->replay.space, &event->call);
	return true;
}

static int visit(void *context, struct history_event *event)
{
	struct place_walk *walk = context;

	walk->page_is = look_at_page(walk);
	if (walk->only_changes && !page_changed(&walk->page_was, &walk->page_is))
		return 0;
	if (event->kind == HISTORY_CALL) {
		walk->begun = true;
		read_call(walk, event);
	} else {
		read_answer(walk, event);
	}
	return 0;
}

/* --------------------------------------------------------------------------- the fault */

static void read_fault(struct place_walk *walk)
{
	const struct ledger_fault *fault = &walk->view->header->fault;
	const struct history_event event = { .number = fault->event, .ticks = fault->ticks };
	struct addr_range target = walk->target.range[0];
	struct fact *fact;

	if (!fault_is_met(fault) || fault->code <= 0 || fault->address < target.start ||
	    fault->address >= target.end)
		return;
	walk->page_was = walk->page_is = look_at_page(walk);
	walk->overhang = (struct overhang){ 0 };
	fact = add_fact(walk, &event);
	fact->kind = FACT_FAULT;
	fact->where = target;
	look(walk);
	say_before_and_after(walk, fact);
}

/* ------------------------------------------------------------------------ place by place */

static void walk_place(struct place_walk *walk, uint64_t last)
{
	struct history_visitor visitor = { .begins = begins, .visit = visit, .context = walk };

	history_walk(walk->view, &visitor, history_after_event(last));
}

static void forget_looks(struct place_walk *walk)
{
	effect_pieces_free(&walk->was);
	effect_pieces_free(&walk->is);
}

static void read_place(struct ledger_view *view, struct addr_range range, uint64_t last,
		       struct biography *biography)
{
	struct place_walk walk = { .view = view,
				   .biography = biography,
				   .target = { 1, { range } } };

	walk_place(&walk, last);
	if (last >= view->header->fault.event)
		read_fault(&walk);
	forget_looks(&walk);
}

/* The move that brought what is there now; NULL: it was not moved, or not whole. */
static const struct fact *last_move_in(const struct biography *biography, struct addr_range range)
{
	for (size_t i = biography->n; i-- > 0;) {
		const struct fact *fact = &biography->facts[i];

		if (fact->kind == FACT_MOVED_IN && fact->where.start == range.start &&
		    fact->where.end == range.end)
			return fact;
		if (fact->kind == FACT_MAPPED || fact->kind == FACT_REPLACED ||
		    fact->kind == FACT_UNMAPPED || fact->kind == FACT_MOVED_OUT)
			return NULL;
	}
	return NULL;
}

/* What happened at the old place goes in front of what happened here since the move. */
static void put_in_front(struct biography *biography, struct biography *earlier, size_t move)
{
	size_t n = biography->n - move;
	struct fact *all = heap_array(earlier->n + n, sizeof(*all));

	forget_stacks(biography->facts, move);
	memcpy(all, earlier->facts, earlier->n * sizeof(*all));
	memcpy(&all[earlier->n], &biography->facts[move], n * sizeof(*all));
	free(biography->facts);
	biography->facts = all;
	biography->capacity = biography->n = earlier->n + n;
	biography->n_lost = earlier->n_lost;
}

/* Puts what happened at the old place in front; NULL: it was not moved there before. */
static const struct fact *read_before_move(struct ledger_view *view, struct biography *biography,
					   const struct fact *move)
{
	struct addr_range from = { move->other, move->other + move->where.end - move->where.start };
	struct biography earlier = { .range = from };
	const struct fact *next;

	read_place(view, from, move->number - 1, &earlier);
	put_in_front(biography, &earlier, (size_t)(move - biography->facts));
	next = last_move_in(&earlier, from);
	/* The same fact, in the list of all, which owns its stack from now on. */
	if (next != NULL)
		next = &biography->facts[next - earlier.facts];
	free(earlier.facts);
	return next;
}

/* Return: how many moves were followed. */
static unsigned read_moves(struct ledger_view *view, struct biography *biography)
{
	const struct fact *move = last_move_in(biography, biography->range);
	unsigned n = 0;

	for (; n < MOVES_MAX && move != NULL; n++)
		move = read_before_move(view, biography, move);
	return n;
}

void biography_read(struct ledger_view *view, struct addr_range range, struct settled_moment until,
		    struct biography *biography)
{
	*biography = (struct biography){ .range = range };
	read_place(view, range, until.event, biography);
	if (read_moves(view, biography) > 0)
		view_fold(view, until);
}

void biography_read_changes(struct ledger_view *view, uint64_t page, struct biography *biography)
{
	struct addr_range range = { vm_page_down(page), vm_page_down(page) + VM_PAGE_SIZE };
	struct place_walk walk = { .view = view,
				   .biography = biography,
				   .target = { 1, { range } },
				   .only_changes = true };

	*biography = (struct biography){ .range = range };
	walk_place(&walk, UINT64_MAX);
	forget_looks(&walk);
}

/* --------------------------------------------------------------------------- rounding */

uint64_t fact_rounding(const struct fact *fact, uint64_t *asked, uint64_t *got)
{
	uint64_t start = fact->call.args[0];

	if (!fact->has_call)
		return 0;
	switch (fact->call.op) {
	case VM_OP_MMAP:
	case VM_OP_MUNMAP:
	case VM_OP_MPROTECT:
	case VM_OP_PKEY_MPROTECT:
	case VM_OP_MADVISE:
		break;
	default:
		return 0;
	}
	if (fact->kind == FACT_REFUSED || fact->kind == FACT_IN_FLIGHT)
		return 0;
	if (fact->call.op == VM_OP_MMAP)
		start = (uint64_t)fact->call.result;
	*asked = fact->call.args[1];
	*got = vm_page_up(*asked);
	if (*asked == *got || fact->where.end != vm_page_up(start + *asked))
		return 0;
	return *asked % VM_PAGE_SIZE;
}
