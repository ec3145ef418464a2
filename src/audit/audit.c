/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include "audit/audit_private.h"

/* ------------------------------------------------------------------- begin, end */

struct audit *audit_create(const struct audit_options *options)
{
	struct audit *audit = calloc(1, sizeof(*audit));

	if (audit == NULL)
		return NULL;
	audit->options = *options;
	if (audit->options.max_map_count == 0)
		audit->options.max_map_count = 65530; /* DEFAULT_MAX_MAP_COUNT of the kernel */
	event_table_init(&audit->finding_of, sizeof(size_t));
	event_table_init(&audit->mappings, sizeof(struct mapping));
	event_table_init(&audit->unmappings, sizeof(struct unmapping));
	event_table_init(&audit->releases, sizeof(bool));
	event_table_init(&audit->threads, sizeof(struct thread_state));
	event_table_init(&audit->sites, sizeof(struct site_state));
	return audit;
}

void audit_destroy(struct audit *audit)
{
	if (audit == NULL)
		return;
	event_table_finish(&audit->finding_of);
	event_table_finish(&audit->mappings);
	event_table_finish(&audit->unmappings);
	event_table_finish(&audit->releases);
	event_table_finish(&audit->threads);
	event_table_finish(&audit->sites);
	free(audit->findings);
	free(audit->candidates);
	free(audit->expectations);
	free(audit->before.areas);
	free(audit->after.areas);
	free(audit);
}

bool audit_make_room(void **array, size_t n, size_t *capacity, size_t size)
{
	size_t wanted = *capacity > 0 ? 2 * *capacity : 64;
	void *bigger;

	if (n < *capacity)
		return true;
	bigger = reallocarray(*array, wanted, size);
	if (bigger == NULL)
		return false;
	*array = bigger;
	*capacity = wanted;
	return true;
}

/* ---------------------------------------------------------------- both sides */

static bool list_range(struct area_list *list, const struct vm_space *space,
		       struct addr_range range)
{
	struct memory_set_iter iter = memory_set_iter_from_start(space->set, range);
	const struct memory_area *area;

	while ((area = memory_set_iter_next(&iter)) != NULL) {
		if (area->flags & VM_HELD) /* unmapped, as far as the program goes */
			continue;
		if (!audit_make_room((void **)&list->areas, list->n, &list->capacity,
				     sizeof(*list->areas)))
			return false;
		list->areas[list->n] = *area;
		memory_area_clip(&list->areas[list->n++], range);
	}
	return true;
}

/* What lies in the event's ranges; those of one call do not overlap, or it does no harm. */
static bool list_ranges(struct area_list *list, const struct vm_space *space,
			const struct audit_event *event)
{
	list->n = 0;
	for (unsigned i = 0; i < event->n_ranges; i++)
		if (!list_range(list, space, event->ranges[i]))
			return false;
	return true;
}

/* One list, walked in address order. */
struct cursor {
	const struct area_list *list;
	size_t at;
};

/* What lies at @at; @until is moved down to where that ends. */
static const struct memory_area *cursor_move(struct cursor *cursor, uint64_t at, uint64_t *until)
{
	const struct memory_area *area;

	while (cursor->at < cursor->list->n && cursor->list->areas[cursor->at].range.end <= at)
		cursor->at++;
	if (cursor->at == cursor->list->n)
		return NULL;
	area = &cursor->list->areas[cursor->at];
	if (area->range.start > at) {
		if (area->range.start < *until)
			*until = area->range.start;
		return NULL;
	}
	if (area->range.end < *until)
		*until = area->range.end;
	return area;
}

/* The lists hold one range behind the other: in each the cursor begins anew. */
static struct cursor cursor_of(const struct area_list *list, struct addr_range range)
{
	struct cursor cursor = { list, 0 };

	while (cursor.at < list->n && (list->areas[cursor.at].range.start < range.start ||
				       list->areas[cursor.at].range.start >= range.end))
		cursor.at++;
	return cursor;
}

static void each_piece_of(const struct change *change, struct addr_range range, piece_fn fn,
			  void *context)
{
	struct cursor befores = cursor_of(&change->audit->before, range);
	struct cursor afters = cursor_of(&change->audit->after, range);

	for (uint64_t at = range.start; at < range.end;) {
		uint64_t until = range.end;
		const struct memory_area *before = cursor_move(&befores, at, &until);
		const struct memory_area *after = cursor_move(&afters, at, &until);

		if (before != NULL || after != NULL)
			fn(change, (struct addr_range){ at, until }, before, after, context);
		at = until;
	}
}

void audit_each_piece(const struct change *change, piece_fn fn, void *context)
{
	for (unsigned i = 0; i < change->event->n_ranges; i++)
		each_piece_of(change, change->event->ranges[i], fn, context);
}

/* --------------------------------------------------------------------- findings */

static bool rule_is_on(const struct audit *audit, enum audit_rule_place place)
{
	return !audit_rules[place].optional || (audit->options.optional >> place & 1);
}

static struct audit_finding *find_or_add(struct audit *audit, enum audit_rule_place place,
					 uint64_t site)
{
	bool is_new;
	size_t *index = event_table_add(&audit->finding_of, site * RULE_COUNT + place, &is_new);

	if (index == NULL ||
	    !audit_make_room((void **)&audit->findings, audit->n_findings,
			     &audit->findings_capacity, sizeof(*audit->findings))) {
		audit->out_of_memory = true;
		return NULL;
	}
	if (is_new) {
		*index = audit->n_findings++;
		audit->findings[*index] = (struct audit_finding){
			.rule = &audit_rules[place],
			.severity = audit_rules[place].severity,
			.site = site,
		};
	}
	return &audit->findings[*index];
}

/* Without a stack each operation is a site of its own. */
static uint64_t site_of(const struct change *change)
{
	return change->owner.site != 0 ? change->owner.site : change->call->op;
}

bool audit_has_reported(const struct change *change, enum audit_rule_place place)
{
	const struct audit *audit = change->audit;
	const size_t *index =
		event_table_find(&audit->finding_of, site_of(change) * RULE_COUNT + place);

	return index != NULL && audit->findings[*index].last_event == change->event->number;
}

/* Of the calls that a finding counts, one is shown. */
static void show_call(struct audit_finding *finding, const struct change *change,
		      struct addr_range range)
{
	finding->event = change->event->number;
	finding->ticks = change->event->ticks;
	finding->tid = change->call->tid;
	finding->stack = change->call->stack;
	finding->call = *change->call;
	finding->range = range;
}

struct audit_finding *audit_report(const struct change *change, enum audit_rule_place place,
				   struct addr_range range)
{
	const struct audit_event *event = change->event;
	struct audit_finding *finding;

	if (!rule_is_on(change->audit, place))
		return NULL;
	finding = find_or_add(change->audit, place, site_of(change));
	if (finding == NULL)
		return NULL;
	if (finding->count == 0)
		show_call(finding, change, range);
	/* One call may have several pieces. */
	if (finding->last_event != event->number)
		finding->count++;
	finding->last_event = event->number;
	finding->n_pages += audit_pages(range);
	return finding;
}

bool audit_is_news(struct audit_finding *finding, const struct change *change,
		   struct addr_range range, enum audit_severity severity)
{
	if (finding->count > 1 && severity <= finding->severity)
		return false;
	finding->severity = severity;
	show_call(finding, change, range);
	return true;
}

struct audit_finding *audit_report_site(struct audit *audit, enum audit_rule_place place,
					const struct site_state *site)
{
	struct audit_finding *finding = find_or_add(audit, place, site->owner.site);

	/* What a call reported says it better. */
	if (finding == NULL || finding->count > 0)
		return NULL;
	finding->event = site->event;
	finding->ticks = site->ticks;
	finding->tid = site->tid;
	finding->stack = site->stack;
	finding->count = site->n_calls;
	return finding;
}

void audit_remember(const struct change *change, enum audit_rule_place place,
		    struct addr_range range, uint64_t origin)
{
	struct audit *audit = change->audit;

	if (!audit_make_room((void **)&audit->candidates, audit->n_candidates,
			     &audit->candidates_capacity, sizeof(*audit->candidates))) {
		audit->out_of_memory = true;
		return;
	}
	audit->candidates[audit->n_candidates++] = (struct candidate){
		.rule = place,
		.range = range,
		.origin = origin,
		.event = change->event->number,
		.ticks = change->event->ticks,
		.site = change->owner.site,
		.call = *change->call,
	};
}

struct audit_finding *audit_report_candidate(struct audit *audit, const struct vm_space *space,
					     const struct candidate *candidate)
{
	const struct audit_event event = {
		.number = candidate->event,
		.ticks = candidate->ticks,
		.finished = true,
		.call = &candidate->call,
	};
	const struct change change = {
		.audit = audit,
		.space = space,
		.event = &event,
		.call = &candidate->call,
		.owner = { .site = candidate->site },
	};

	return audit_report(&change, candidate->rule, candidate->range);
}

/* What a rule has found already: then a crash says only how it ended. */
static struct audit_finding *find_same(struct audit *audit, enum audit_rule_place place,
				       const struct audit_event *event)
{
	for (size_t i = 0; event != NULL && i < audit->n_findings; i++) {
		struct audit_finding *finding = &audit->findings[i];

		if (finding->rule == &audit_rules[place] && finding->event == event->number)
			return finding;
	}
	return NULL;
}

int audit_add(struct audit *audit, enum audit_rule_place place, enum audit_severity severity,
	      const struct audit_event *event, struct addr_range range, const char *message)
{
	struct audit_finding *finding = find_same(audit, place, event);
	struct text text;

	/* One of its own each, whatever the call site. */
	if (finding == NULL)
		finding = find_or_add(audit, place, ~(uint64_t)audit->n_findings);
	if (finding == NULL)
		return -ENOMEM;
	finding->severity = severity;
	finding->count = 1;
	finding->range = range;
	if (event != NULL) {
		finding->event = finding->last_event = event->number;
		finding->ticks = event->ticks;
		finding->call = *event->call;
		finding->tid = event->call->tid;
		finding->stack = event->call->stack;
	}
	audit_begin_message(finding, &text);
	text_string(&text, message);
	return 0;
}

static int compare_findings(const void *a, const void *b)
{
	const struct audit_finding *x = a, *y = b;

	if (x->severity != y->severity)
		return x->severity > y->severity ? -1 : 1;
	if (x->event != y->event)
		return x->event < y->event ? -1 : 1;
	return x->rule < y->rule ? -1 : x->rule > y->rule;
}

const struct audit_finding *audit_findings(struct audit *audit, size_t *n)
{
	/* What was counted together stays together: nothing is added behind this. */
	event_table_finish(&audit->finding_of);
	if (audit->n_findings > 0)
		qsort(audit->findings, audit->n_findings, sizeof(*audit->findings),
		      compare_findings);
	*n = audit->n_findings;
	return audit->findings;
}

/* ----------------------------------------------------------- what rules look up */

uint64_t audit_thread_seq(const struct change *change)
{
	const struct thread_state *thread =
		event_table_find(&change->audit->threads, change->call->tid);

	return thread != NULL ? thread->seq : 0;
}

struct mapping *audit_mapping(const struct audit *audit, uint64_t origin)
{
	return origin != 0 ? event_table_find(&audit->mappings, origin) : NULL;
}

/* As vma_is_initial_stack(). Pieces of other protection, or of other history, may lie below. */
bool audit_is_main_stack(const struct vm_space *space, const struct memory_area *area)
{
	while (area != NULL && area->tag[VM_TAG_OBJECT] == 0 && (area->flags & VM_GROWSDOWN) &&
	       area->range.end < space->start_stack)
		area = memory_set_find(space->set, area->range.end);
	return area != NULL && area->tag[VM_TAG_OBJECT] == 0 && space->start_stack != 0 &&
	       area->range.start <= space->start_stack && space->start_stack <= area->range.end;
}

bool audit_is_module(const struct vm_space *space, uint32_t object)
{
	struct memory_set_iter iter = memory_set_iter_from_start(space->set, MEMORY_SET_ALL);
	const struct memory_area *area;

	while (object != 0 && (area = memory_set_iter_next(&iter)) != NULL)
		if (area->tag[VM_TAG_OBJECT] == object && (area->flags & VM_EXEC))
			return true;
	return false;
}

/* -------------------------------------------------------------------- bookkeeping */

static bool maps_anew(const struct vm_call *call)
{
	return call->op == VM_OP_MMAP || call->op == VM_OP_SHMAT || call->op == VM_OP_MREMAP;
}

static void note_mapping(const struct change *change)
{
	const struct vm_call *call = change->call;
	struct audit *audit = change->audit;
	struct mapping *mapping;
	bool is_new;

	if (change->failed || !maps_anew(call) || change->event->n_ranges == 0)
		return;
	mapping = event_table_add(&audit->mappings, change->event->number, &is_new);
	if (mapping == NULL) {
		audit->out_of_memory = true;
		return;
	}
	*mapping = (struct mapping){
		.owner = change->owner,
		.range = change->event->ranges[change->event->n_ranges - 1],
		.thread_seq = audit_thread_seq(change),
		.tid = call->tid,
		.map_flags = call->op == VM_OP_MMAP ? (uint32_t)call->args[3] : 0,
		.prot = call->op == VM_OP_MMAP ? (uint32_t)call->args[2] : 0,
	};
}

static void note_unmapped_piece(const struct change *change, struct addr_range range,
				const struct memory_area *before, const struct memory_area *after,
				void *context)
{
	struct mapping *mapping = before != NULL && after == NULL
					  ? audit_mapping(change->audit, before->origin)
					  : NULL;
	struct site_state *site;

	(void)range;
	(void)context;
	if (mapping == NULL || mapping->unmapped_by != 0)
		return;
	mapping->unmapped_by = change->event->number;
	site = event_table_find(&change->audit->sites, mapping->owner.site);
	if (site != NULL)
		site->n_unmapped++;
}

static void note_thread(const struct change *change)
{
	struct thread_state *thread;
	bool is_new;

	thread = event_table_add(&change->audit->threads, change->call->tid, &is_new);
	if (thread == NULL) {
		change->audit->out_of_memory = true;
		return;
	}
	thread->seq++;
	thread->event = change->event->number;
	thread->call = *change->call;
}

static void note_object(const struct change *change, struct site_state *site)
{
	const struct memory_area *area;
	uint32_t object;

	if (change->call->op != VM_OP_MMAP)
		return;
	area = memory_set_find(change->space->set, (uint64_t)change->call->result);
	object = area != NULL ? (uint32_t)area->tag[VM_TAG_OBJECT] : 0;
	site->object = site->n_maps == 1 || site->object == object ? object : UINT32_MAX;
}

static void note_site(const struct change *change)
{
	struct audit *audit = change->audit;
	struct site_state *site;
	bool is_new;

	if (change->owner.site == 0)
		return;
	site = event_table_add(&audit->sites, change->owner.site, &is_new);
	if (site == NULL) {
		audit->out_of_memory = true;
		return;
	}
	if (is_new) {
		site->owner = change->owner;
		site->event = change->event->number;
		site->ticks = change->event->ticks;
		site->stack = change->call->stack;
		site->tid = change->call->tid;
	}
	site->n_calls++;
	site->n_maps += !change->failed && maps_anew(change->call);
	site->n_areas +=
		(int64_t)memory_set_count(change->space->set) - (int64_t)audit->count_before;
	if (!change->failed)
		note_object(change, site);
}

static void note_count(const struct change *change)
{
	uint64_t count = memory_set_count(change->space->set);

	if (count <= change->audit->peak_count)
		return;
	change->audit->peak_count = count;
	change->audit->peak_event = change->event->number;
}

/* -------------------------------------------------------------------- the door */

int audit_before(struct audit *audit, const struct vm_space *space, const struct audit_event *event)
{
	audit->count_before = memory_set_count(space->set);
	return list_ranges(&audit->before, space, event) ? 0 : -ENOMEM;
}

int audit_after(struct audit *audit, const struct vm_space *space, const struct audit_event *event)
{
	struct change change = {
		.audit = audit,
		.space = space,
		.event = event,
		.call = event->call,
		.owner = owner_of_trace(space, event->trace),
		.failed = vm_call_failed(event->call),
	};

	if (!event->finished)
		return 0;
	if (!list_ranges(&audit->after, space, event))
		return -ENOMEM;
	note_mapping(&change);
	note_site(&change);
	note_count(&change);
	rules_memory(&change);
	rules_protect(&change);
	rules_lifetime(&change);
	rules_limits(&change);
	rules_expect(&change);
	if (event->call->op == VM_OP_MUNMAP || event->call->op == VM_OP_MMAP)
		audit_each_piece(&change, note_unmapped_piece, NULL);
	note_thread(&change);
	return audit->out_of_memory ? -ENOMEM : 0;
}

int audit_end(struct audit *audit, const struct vm_space *space)
{
	rules_memory_end(audit, space);
	rules_lifetime_end(audit, space);
	rules_limits_end(audit, space);
	return audit->out_of_memory ? -ENOMEM : 0;
}
