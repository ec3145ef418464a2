/* SPDX-License-Identifier: Apache-2.0 */
#include <fnmatch.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "ledger/ledger_trace.h"
#include "query/area_kind.h"
#include "query/heap.h"
#include "query/named_stack.h"
#include "query/place.h"

/* ------------------------------------------------------------------------ ranges */

void place_ranges_free(struct place_ranges *ranges)
{
	free(ranges->ranges);
	*ranges = (struct place_ranges){ 0 };
}

static void add_range(struct place_ranges *ranges, struct addr_range range)
{
	size_t from = 0;
	size_t to;

	while (from < ranges->n && ranges->ranges[from].end < range.start)
		from++;
	for (to = from; to < ranges->n && ranges->ranges[to].start <= range.end; to++) {
		if (ranges->ranges[to].start < range.start)
			range.start = ranges->ranges[to].start;
		if (ranges->ranges[to].end > range.end)
			range.end = ranges->ranges[to].end;
	}
	if (from == to)
		ranges->ranges =
			heap_grow(ranges->ranges, ranges->n, &ranges->capacity, 8, sizeof(range));
	memmove(&ranges->ranges[from + 1], &ranges->ranges[to],
		(ranges->n - to) * sizeof(*ranges->ranges));
	ranges->ranges[from] = range;
	ranges->n += 1 - (to - from);
}

bool place_overlaps(const struct place_ranges *ranges, struct addr_range range)
{
	for (size_t i = 0; i < ranges->n; i++)
		if (vm_ranges_meet(ranges->ranges[i], range))
			return true;
	return ranges->n == 0;
}

/* --------------------------------------------------------------- areas by their name */

/* The last part of the path begins with @prefix: "libssl" is libssl.so.3, not libssl3.so. */
static bool is_library(const char *name, const char *prefix)
{
	const char *slash = strrchr(name, '/');
	size_t len = strlen(prefix);

	name = slash != NULL ? slash + 1 : name;
	if (strncmp(name, prefix, len) != 0)
		return false;
	return !((name[len] >= '0' && name[len] <= '9') || (name[len] >= 'a' && name[len] <= 'z') ||
		 (name[len] >= 'A' && name[len] <= 'Z'));
}

static bool matches(const struct vm_space *space, const struct memory_area *area,
		    const struct place *place)
{
	size_t len;
	const char *name;

	if (place->kind == PLACE_AREA)
		return area->origin == place->value;
	name = area_kernel_name(space, area, &len);
	if (name == NULL || (area->flags & VM_OWN))
		return false;
	switch (place->kind) {
	case PLACE_NAMED:
		return strlen(place->text) == len && memcmp(name, place->text, len) == 0;
	case PLACE_LIBRARY:
		return name[0] == '/' && is_library(name, place->text);
	case PLACE_PATH:
		return name[0] == '/' && fnmatch(place->text, name, 0) == 0;
	default:
		return false;
	}
}

static void add_matching(const struct vm_space *space, const struct place *place,
			 struct addr_range where, struct place_ranges *ranges)
{
	struct memory_set_iter iter = memory_set_iter_from_start(space->set, where);
	const struct memory_area *area;

	while ((area = memory_set_iter_next(&iter)) != NULL)
		if (matches(space, area, place))
			add_range(ranges, area->range);
}

/* ------------------------------------------------------- what is there no more, or not yet */

struct search {
	struct ledger_view *view;
	const struct place *place;
	struct place_ranges *ranges;
};

static bool can_map(void *context, struct history_event *event)
{
	(void)context;
	return event->kind == HISTORY_RESYNC ||
	       (event->kind == HISTORY_CALL && event->finished && event->call.op != VM_OP_MUNMAP &&
		event->call.op != VM_OP_MADVISE);
}

static int search_event(void *context, struct history_event *event)
{
	struct search *search = context;
	const struct vm_space *space = &search->view->replay.space;
	struct addr_range resynced = { event->resync.start, event->resync.end };

	if (event->kind == HISTORY_RESYNC)
		add_matching(space, search->place, resynced, search->ranges);
	for (unsigned i = 0; i < event->touch.n; i++)
		add_matching(space, search->place, event->touch.range[i], search->ranges);
	return 0;
}

static void search_history(struct ledger_view *view, const struct place *place,
			   struct place_ranges *ranges)
{
	struct search search = { view, place, ranges };
	struct history_visitor visitor = { .begins = can_map,
					   .visit = search_event,
					   .context = &search };

	history_walk(view, &visitor, HISTORY_TO_END);
}

/* -------------------------------------------------------------------------- finding */

static void say_area_not_found(struct ledger_view *view, uint64_t event)
{
	if (event > view->last_event) {
		problem_set(&view->problem, PROBLEM_QUESTION, view->name,
			    "%s ends at event #%" PRIu64, view->name, view->last_event);
		problem_advise(&view->problem, "there is no #%" PRIu64, event);
	} else if (event < view->first_event) {
		problem_set(&view->problem, PROBLEM_LOST, view->name,
			    "%s: event #%" PRIu64 " was overwritten", view->name, event);
	} else {
		problem_set(&view->problem, PROBLEM_QUESTION, view->name,
			    "%s: event #%" PRIu64 " (%s) mapped nothing", view->name, event,
			    vm_op_info(view_op_of(view, event))->name);
		problem_advise(&view->problem, "see: mapledger map");
	}
}

static void say_not_found(struct ledger_view *view, const struct place *place)
{
	static const char *const sentences[][2] = {
		[PLACE_LIBRARY] = { "no file whose name begins with '", "' was ever mapped" },
		[PLACE_PATH] = { "no file whose path matches '", "' was ever mapped" },
		[PLACE_NAMED] = { "there never was a '", "'" },
	};

	if (place->kind == PLACE_AREA) {
		say_area_not_found(view, place->value);
		return;
	}
	problem_set(&view->problem, PROBLEM_QUESTION, view->name, "%s: %s%s%s", view->name,
		    sentences[place->kind][0], place->text, sentences[place->kind][1]);
	problem_advise(&view->problem, "see: mapledger map");
}

static bool find_by_name(struct ledger_view *view, struct settled_moment moment,
			 const struct place *place, struct place_ranges *ranges)
{
	view_fold(view, moment);
	add_matching(&view->replay.space, place, MEMORY_SET_ALL, ranges);
	if (ranges->n == 0)
		search_history(view, place, ranges);
	if (ranges->n == 0)
		say_not_found(view, place);
	return ranges->n > 0;
}

/* The pages of @size bytes from @addr on; the address itself is what was meant. */
static bool add_point(struct ledger_view *view, struct place_ranges *ranges, uint64_t addr,
		      uint64_t size)
{
	struct addr_range range = { vm_page_down(addr), 0 };

	if (__builtin_add_overflow(addr, size != 0 ? size : 1, &range.end) ||
	    range.end > vm_page_down(UINT64_MAX)) {
		problem_set(&view->problem, PROBLEM_QUESTION, view->name,
			    "%s: 0x%" PRIx64 " is no address that a program can have", view->name,
			    addr);
		return false;
	}
	range.end = vm_page_up(range.end);
	ranges->point = addr;
	add_range(ranges, range);
	return true;
}

/* ------------------------------------------------------------------------- crashes */

static bool find_crash(struct ledger_view *view, const struct place *place, uint64_t addr,
		       struct place_ranges *ranges)
{
	if (fault_is_met(&view->header->fault))
		return add_point(view, ranges, addr, 1);
	problem_set(&view->problem, PROBLEM_QUESTION, view->name,
		    "%s holds no crash, so there is no '%s'", view->name, place->argument);
	problem_advise(&view->problem, "give an address");
	return false;
}

/* The area that the stack was in when the thread said so last; empty: it never did. */
static struct addr_range find_declared_stack(struct ledger_view *view, uint64_t tid)
{
	struct addr_range range = { 0, 0 };
	struct ledger_entry entry;

	view_begin(view);
	while (view_step(view, &entry) > 0) {
		const struct memory_area *area;

		if (entry.kind != LEDGER_THREAD || entry.thread.tid != tid)
			continue;
		area = memory_set_find(view->replay.space.set, entry.thread.sp);
		if (area != NULL)
			range = area->range;
	}
	return range;
}

/* The first thread's has a name, and a crash says where it was. */
static bool find_thread_stack(struct ledger_view *view, struct settled_moment moment,
			      const struct place *place, struct place_ranges *ranges)
{
	const struct place named = { .kind = PLACE_NAMED, .text = "[stack]" };
	const struct ledger_fault *fault = &view->header->fault;
	const struct memory_area *area = NULL;
	struct addr_range range;

	if (place->value == view->header->pid)
		return find_by_name(view, moment, &named, ranges);
	view_fold(view, moment);
	if (fault_is_met(fault) && fault->tid == place->value)
		area = memory_set_find(view->replay.space.set, fault->sp);
	range = area != NULL ? area->range : find_declared_stack(view, place->value);
	if (range.start < range.end) {
		add_range(ranges, range);
		return true;
	}
	problem_set(&view->problem, PROBLEM_QUESTION, view->name,
		    "%s: where the stack of thread %" PRIu64 " lies is not known", view->name,
		    place->value);
	return false;
}

/* ------------------------------------------------------------------------- symbols */

/* How far an area of a file lies from where the file's own headers put it. */
static bool load_bias(struct symbolizer *symbolizer, const struct vm_object *object,
		      const struct memory_area *area, uint64_t *bias)
{
	uint64_t address;

	if (area->offset == MEMORY_AREA_NO_OFFSET ||
	    !symbolizer_address(symbolizer, object, area->offset, &address))
		return false;
	*bias = area->range.start - address;
	return true;
}

/* Of all files with code in the order of their addresses, the program itself first. */
static bool find_in_files(struct ledger_view *view, struct symbolizer *symbolizer, const char *name,
			  bool program, uint64_t *addr, uint64_t *size)
{
	const struct vm_space *space = &view->replay.space;
	struct memory_set_iter iter = memory_set_iter_from_start(space->set, MEMORY_SET_ALL);
	const struct memory_area *area;
	uint64_t bias;

	while ((area = memory_set_iter_next(&iter)) != NULL) {
		const struct vm_object *object = area_object(space, area);

		if (object == NULL || object->ino == 0 || !(area->flags & VM_EXEC) ||
		    (area->flags & VM_OWN) ||
		    (strcmp(object->name, view->header->executable) == 0) != program)
			continue;
		if (!symbolizer_find_name(symbolizer, object, name, addr, size) ||
		    !load_bias(symbolizer, object, area, &bias))
			continue;
		*addr += bias;
		return true;
	}
	return false;
}

static bool find_symbol(struct ledger_view *view, struct settled_moment moment,
			const struct place *place, struct place_ranges *ranges)
{
	struct symbolizer *symbolizer = stack_names(view);
	uint64_t addr, size;
	bool found;

	view_fold(view, moment);
	found = find_in_files(view, symbolizer, place->text, true, &addr, &size) ||
		find_in_files(view, symbolizer, place->text, false, &addr, &size);
	if (!found)
		problem_set(&view->problem, PROBLEM_QUESTION, view->name,
			    "%s: no program or library that is mapped there has a symbol '%s'",
			    view->name, place->text);
	return found && add_point(view, ranges, addr, size);
}

static bool find(struct ledger_view *view, struct settled_moment moment, const struct place *place,
		 struct place_ranges *ranges)
{
	switch (place->kind) {
	case PLACE_EVERYWHERE:
		return true;
	case PLACE_ADDRESS:
		ranges->point = place->value;
		add_range(ranges, place->range);
		return true;
	case PLACE_RANGE:
		add_range(ranges, place->range);
		return true;
	case PLACE_NAMED:
	case PLACE_LIBRARY:
	case PLACE_PATH:
	case PLACE_AREA:
		return find_by_name(view, moment, place, ranges);
	case PLACE_THREAD_STACK:
		return find_thread_stack(view, moment, place, ranges);
	case PLACE_SYMBOL:
		return find_symbol(view, moment, place, ranges);
	case PLACE_FAULT:
		return find_crash(view, place, view->header->fault.address, ranges);
	case PLACE_PC:
		return find_crash(view, place, view->header->fault.pc, ranges);
	}
	return false;
}

bool place_find(struct ledger_view *view, struct settled_moment moment, const struct place *place,
		struct place_ranges *ranges)
{
	*ranges = (struct place_ranges){ 0 };
	if (find(view, moment, place, ranges))
		return true;
	place_ranges_free(ranges);
	return false;
}
