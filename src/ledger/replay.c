/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Replaying records on a set of areas, with vm_apply() and vm_replace() as in the shim
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ledger/replay.h"
#include "vma/vm_apply.h"
#include "vma/vm_compare.h"
#include "vma/vm_replace.h"

int replay_init(struct replay *replay, struct ledger_reader *reader)
{
	const struct ledger_header *header = ledger_reader_header(reader);
	int error;

	*replay = (struct replay){ .reader = reader };
	error = vm_space_init(&replay->space, &ml_allocator_malloc, NULL, NULL);
	if (error < 0)
		return error;
	replay->space.start_brk = header->start_brk;
	replay->space.brk = header->brk;
	replay->space.start_stack = header->start_stack;
	replay->space.personality = header->personality;
	ledger_reader_rewind(reader);
	return 0;
}

void replay_finish(struct replay *replay)
{
	vm_space_finish(&replay->space);
	ledger_stacks_finish(&replay->stacks);
	free(replay->object_ids);
	free(replay->verify_areas);
	free(replay->areas);
	*replay = (struct replay){ 0 };
}

/* ---------------------------------------------------------------- objects */

static int grow_object_ids(struct replay *replay, uint32_t id)
{
	size_t n = replay->n_object_ids == 0 ? 64 : replay->n_object_ids;
	uint32_t *ids;

	while (n <= id)
		n *= 2;
	if (n == replay->n_object_ids)
		return 0;
	ids = calloc(n, sizeof(*ids)); /* untouched pages of a sparse table cost nothing */
	if (ids == NULL)
		return -ENOMEM;
	if (replay->n_object_ids > 0)
		memcpy(ids, replay->object_ids, replay->n_object_ids * sizeof(*ids));
	free(replay->object_ids);
	replay->object_ids = ids;
	replay->n_object_ids = n;
	return 0;
}

static int fold_object(struct replay *replay, const struct ledger_entry *entry)
{
	const struct vm_object *object = &entry->object.object;
	uint32_t id = vm_objects_intern(&replay->space.objects, object);

	if (id == 0 || grow_object_ids(replay, entry->object.id) < 0)
		return -ENOMEM;
	vm_object_learn_build_id(vm_objects_get(&replay->space.objects, id), object->build_id,
				 object->build_id_len);
	replay->object_ids[entry->object.id] = id;
	return 0;
}

static uint64_t object_id(struct replay *replay, uint32_t id)
{
	if (id == 0)
		return 0;
	if (id < replay->n_object_ids && replay->object_ids[id] != 0)
		return replay->object_ids[id];
	replay->counts.n_unknown_objects++;
	return 0;
}

/* ------------------------------------------------------------------ areas */

static struct memory_area convert(struct replay *replay, const struct ledger_area *from)
{
	return (struct memory_area){
		.range = { from->start, from->end },
		.flags = from->flags,
		.offset = from->offset,
		.origin = from->origin,
		.tag = {
			[VM_TAG_OBJECT] = object_id(replay, from->object),
			[VM_TAG_CHANGED] = from->changed,
		},
	};
}

/* Into replay->areas. Return: 0 or -ENOMEM. */
static int convert_all(struct replay *replay, const struct ledger_area *from, size_t n)
{
	struct memory_area *areas;

	if (n > replay->areas_capacity) {
		areas = realloc(replay->areas, n * sizeof(*areas));
		if (areas == NULL)
			return -ENOMEM;
		replay->areas = areas;
		replay->areas_capacity = n;
	}
	for (size_t i = 0; i < n; i++)
		replay->areas[i] = convert(replay, &from[i]);
	return 0;
}

/* ---------------------------------------------------------------- resyncs */

/* What is seen of the range differs from what is to be put there. */
static bool differs(const struct replay *replay, struct addr_range range, size_t n)
{
	struct vm_array_source kernel;
	struct vm_set_source ours;
	struct vm_comparison comparison = { 0 };

	vm_array_source_init(&kernel, replay->areas, n);
	vm_set_source_init(&ours, replay->space.set, range);
	vm_compare(&kernel.source, &ours.source, range, NULL, NULL, &comparison);
	for (unsigned kind = VM_DIFF_NONE + 1; kind < VM_DIFF_COUNT; kind++)
		if (comparison.count[kind] > 0)
			return true;
	return false;
}

/* These say what calls can't; all others are expected to confirm what the calls said. */
static bool is_expected_to_differ(unsigned reason)
{
	return reason == VM_REASON_BASELINE || reason == VM_REASON_CHECKPOINT ||
	       reason == VM_REASON_IDENTITY || reason == VM_REASON_OWN;
}

/* Written from a set, and so with origin, tags and all flags. */
static bool is_recorded_state(unsigned reason)
{
	return reason == VM_REASON_BASELINE || reason == VM_REASON_CHECKPOINT ||
	       reason == VM_REASON_OWN;
}

static int put(struct replay *replay, unsigned reason, struct addr_range range, size_t n)
{
	struct vm_space *space = &replay->space;

	if (vm_space_reserve(space, n) < 0)
		return -ENOMEM;
	if (is_recorded_state(reason))
		return memory_set_replace(space->set, range, replay->areas, n);
	return vm_replace(space, range, replay->areas, n, vm_reason_source(reason));
}

static bool repeats_what_is_known(const struct replay *replay, const struct ledger_entry *entry)
{
	return entry->in_checkpoint &&
	       ledger_reader_tell(replay->reader).lap != replay->first_lap &&
	       !ledger_reader_lost_records(replay->reader);
}

/* The answers come in the order of the doubts, right behind their call. */
static void take_answer(struct replay *replay, const struct ledger_resync *head)
{
	struct vm_doubts *doubts = &replay->unanswered;

	if (doubts->n == 0 || head->event != replay->event ||
	    head->reason != doubts->doubt[0].reason)
		return;
	doubts->n--;
	for (unsigned i = 0; i < doubts->n; i++)
		doubts->doubt[i] = doubts->doubt[i + 1];
}

static int fold_resync(struct replay *replay, const struct ledger_entry *entry)
{
	const struct ledger_resync *head = &entry->resync.head;
	struct addr_range range = { head->start, head->end };
	int error;

	if (head->reason < VM_REASON_COUNT)
		replay->counts.resyncs[head->reason]++;
	take_answer(replay, head);
	if (head->reason == VM_REASON_BASELINE && range.end > replay->baseline_end)
		replay->baseline_end = range.end;
	if (repeats_what_is_known(replay, entry))
		return 0;
	error = convert_all(replay, entry->resync.areas, head->n_areas);
	if (error < 0)
		return error;
	if (!is_expected_to_differ(head->reason) && differs(replay, range, head->n_areas))
		replay->counts.resync_changes++;
	error = put(replay, head->reason, range, head->n_areas);
	if (error == -ENOMEM)
		return error;
	replay->counts.n_refused += error < 0;
	return 0;
}

/* ------------------------------------------------------------------ calls */

static bool changes_the_map(const struct vm_call *call, uint64_t brk_before)
{
	switch (call->op) {
	case VM_OP_MMAP:
	case VM_OP_MUNMAP:
	case VM_OP_MPROTECT:
	case VM_OP_PKEY_MPROTECT:
	case VM_OP_MREMAP:
	case VM_OP_SHMAT:
	case VM_OP_SHMDT:
	case VM_OP_REMAP_FILE_PAGES:
	case VM_OP_IO_SETUP:
	case VM_OP_IO_DESTROY:
	case VM_OP_ARCH_PRCTL:
	case VM_OP_MAP_SHADOW_STACK:
		return !vm_call_failed(call);
	case VM_OP_BRK:
		return (uint64_t)call->result != brk_before;
	default:
		return false;
	}
}

static void count_call(struct replay_counts *counts, const struct vm_call *call,
		       uint64_t brk_before)
{
	if (call->flags & VM_CALL_PART) {
		counts->n_parts++;
		return;
	}
	counts->n_calls++;
	counts->n_failed += vm_call_failed(call);
	counts->by_op[call->op]++;
	if (call->tier < VM_TIER_COUNT)
		counts->by_tier[call->tier]++;
	counts->n_changes += changes_the_map(call, brk_before);
	counts->n_stacked += call->stack != 0;
	counts->n_nested += (call->flags & VM_CALL_NESTED) != 0;
	counts->n_unordered += (call->flags & VM_CALL_UNORDERED) != 0;
}

static void fold_call(struct replay *replay, const struct ledger_entry *entry)
{
	struct vm_call call = entry->call;

	if (!entry->finished) {
		replay->in_flight = call;
		return;
	}
	count_call(&replay->counts, &call, replay->space.brk);
	vm_apply(&replay->space, &call, &replay->unanswered);
	replay->event = call.event;
	replay->last_call = call;
}

/* ----------------------------------------------------------------- others */

static void fold_segment(struct replay *replay, const struct ledger_segment *segment)
{
	if (segment->lap != replay->first_lap)
		return;
	replay->space.brk = segment->brk;
	replay->space.personality = segment->personality;
	replay->space.exec_is_unsure = segment->facts & LEDGER_FACT_EXEC_UNSURE;
	replay->space.new_flags = segment->facts & LEDGER_FACT_LOCKED ? VM_LOCKED : 0;
	if (segment->start_brk != 0)
		replay->space.start_brk = segment->start_brk;
	if (replay->event == 0 && segment->first_event > 0)
		replay->event = segment->first_event - 1;
}

static void count_check(struct replay *replay, uint64_t event)
{
	if (replay->n_checks_different++ > 0)
		return;
	replay->first_check = replay->last_call;
	if (replay->first_check.event != event)
		replay->first_check = (struct vm_call){ .event = event };
}

static int fold_verify(struct replay *replay, const struct ledger_entry *entry)
{
	size_t n = entry->verify.head.n_areas;
	struct memory_area *areas = realloc(replay->verify_areas, (n + 1) * sizeof(*areas));

	if (areas == NULL)
		return -ENOMEM;
	replay->verify_areas = areas;
	if (entry->verify.head.event != 0)
		count_check(replay, entry->verify.head.event);
	for (size_t i = 0; i < n; i++)
		areas[i] = convert(replay, &entry->verify.areas[i]);
	replay->n_verify_areas = n;
	replay->verify = entry->verify.head;
	replay->verify_event = replay->event;
	if (entry->verify.head.event == 0) {
		replay->since_event = replay->compared_event;
		replay->since_ticks = replay->compared_ticks;
		replay->compared_event = replay->event;
		replay->compared_ticks = entry->verify.head.ticks;
	}
	replay->has_verify = true;
	return 0;
}

static void fold_site(struct replay *replay, const struct ledger_site *site)
{
	if (site->site_state < sizeof(replay->counts.n_sites) / sizeof(replay->counts.n_sites[0]))
		replay->counts.n_sites[site->site_state]++;
}

static int fold_kind(struct replay *replay, const struct ledger_entry *entry)
{
	switch (entry->kind) {
	case LEDGER_CALL:
		fold_call(replay, entry);
		return 0;
	case LEDGER_RESYNC:
		return fold_resync(replay, entry);
	case LEDGER_OBJECT:
		return fold_object(replay, entry);
	case LEDGER_VERIFY:
		return fold_verify(replay, entry);
	case LEDGER_SEGMENT:
		fold_segment(replay, &entry->segment);
		return 0;
	case LEDGER_STACK:
		return ledger_stacks_add(&replay->stacks, &entry->stack);
	case LEDGER_SITE:
		fold_site(replay, &entry->site);
		return 0;
	default:
		return 0;
	}
}

/* Something follows the call that seemed to be in flight: it finished, or was given up. */
static void forget_in_flight(struct replay *replay, const struct ledger_entry *entry)
{
	if (replay->in_flight.op == VM_OP_NONE)
		return;
	if (entry->kind != LEDGER_CALL || entry->call.event != replay->in_flight.event)
		replay->counts.n_unfinished++;
	replay->in_flight.op = VM_OP_NONE;
}

/* Return: 1 or -ENOMEM. */
static int fold(struct replay *replay, const struct ledger_entry *entry)
{
	int error;

	if (replay->first_lap == 0)
		replay->first_lap = ledger_reader_tell(replay->reader).lap;
	forget_in_flight(replay, entry);
	replay->ticks = entry->ticks;
	error = fold_kind(replay, entry);
	return error < 0 ? error : 1;
}

int replay_step(struct replay *replay, struct ledger_entry *entry)
{
	struct ledger_entry own;

	if (entry == NULL)
		entry = &own;
	if (!ledger_reader_next(replay->reader, entry))
		return 0;
	return fold(replay, entry);
}

/* Nothing is recorded before the baseline, which is in the first lap. */
bool replay_has_baseline(const struct replay *replay)
{
	return replay->baseline_end >= VM_ALL_PAGES.end || replay->first_lap > 1 ||
	       replay->event > 0 || replay->in_flight.op != VM_OP_NONE;
}

int replay_to_event(struct replay *replay, uint64_t event)
{
	struct ledger_position before;
	struct ledger_entry entry;
	int error = 1;

	while (error > 0) {
		before = ledger_reader_tell(replay->reader);
		if (!ledger_reader_next(replay->reader, &entry))
			return 0;
		if (entry.kind == LEDGER_CALL && entry.call.event > event) {
			ledger_reader_seek(replay->reader, &before);
			return 0;
		}
		error = fold(replay, &entry);
	}
	return error;
}
