/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the audit writes down about each call, for rules to look up at later calls
 */

#include <stdlib.h>
#include "audit/audit_state.h"

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
	return area != NULL && area->tag[VM_TAG_OBJECT] == 0 && vm_has_main_stack(space, area);
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

void audit_note_call(const struct change *change)
{
	note_mapping(change);
	note_site(change);
	note_count(change);
}

void audit_note_thread(const struct change *change)
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
