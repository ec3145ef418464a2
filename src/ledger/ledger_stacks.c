/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Stacks by number, each kept once however often a ledger repeats it
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ledger/ledger_stacks.h"

#define FIRST_SLOTS  256
#define FIRST_FRAMES 4096

/* @trace.frames is not used: @at is where they are in the store, which moves. */
struct ledger_stacks_slot {
	struct ledger_trace trace; /* id 0: free */
	size_t at;
};

void ledger_stacks_finish(struct ledger_stacks *stacks)
{
	free(stacks->slots);
	free(stacks->frames);
	*stacks = (struct ledger_stacks){ 0 };
}

/* The slot of @id, or the free one where it belongs. There is always a free one. */
static struct ledger_stacks_slot *slot_of(struct ledger_stacks_slot *slots, size_t n_slots,
					  uint32_t id)
{
	size_t at = (id * 0x9e3779b1u) & (n_slots - 1);

	while (slots[at].trace.id != 0 && slots[at].trace.id != id)
		at = (at + 1) & (n_slots - 1);
	return &slots[at];
}

static int grow_slots(struct ledger_stacks *stacks)
{
	size_t n = stacks->n_slots == 0 ? FIRST_SLOTS : stacks->n_slots * 2;
	struct ledger_stacks_slot *slots;

	if (stacks->count + 1 <= stacks->n_slots / 4 * 3)
		return 0;
	slots = calloc(n, sizeof(*slots));
	if (slots == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < stacks->n_slots; i++)
		if (stacks->slots[i].trace.id != 0)
			*slot_of(slots, n, stacks->slots[i].trace.id) = stacks->slots[i];
	free(stacks->slots);
	stacks->slots = slots;
	stacks->n_slots = n;
	return 0;
}

static int grow_frames(struct ledger_stacks *stacks, size_t n)
{
	size_t capacity = stacks->frames_capacity == 0 ? FIRST_FRAMES : stacks->frames_capacity;
	uint64_t *frames;

	while (capacity < stacks->n_frames + n)
		capacity *= 2;
	if (capacity == stacks->frames_capacity)
		return 0;
	frames = realloc(stacks->frames, capacity * sizeof(*frames));
	if (frames == NULL)
		return -ENOMEM;
	stacks->frames = frames;
	stacks->frames_capacity = capacity;
	return 0;
}

static bool has_frames(const struct ledger_stacks *stacks, const struct ledger_stacks_slot *slot,
		       const struct ledger_trace *trace)
{
	return slot->trace.id == trace->id && slot->trace.n_frames == trace->n_frames &&
	       memcmp(&stacks->frames[slot->at], trace->frames,
		      trace->n_frames * sizeof(*trace->frames)) == 0;
}

int ledger_stacks_add(struct ledger_stacks *stacks, const struct ledger_trace *trace)
{
	struct ledger_stacks_slot *slot;

	if (grow_slots(stacks) < 0 || grow_frames(stacks, trace->n_frames) < 0)
		return -ENOMEM;
	slot = slot_of(stacks->slots, stacks->n_slots, trace->id);
	if (!has_frames(stacks, slot, trace)) {
		memcpy(&stacks->frames[stacks->n_frames], trace->frames,
		       trace->n_frames * sizeof(*trace->frames));
		slot->at = stacks->n_frames;
		stacks->n_frames += trace->n_frames;
	}
	stacks->count += slot->trace.id == 0;
	slot->trace = *trace;
	return 0;
}

bool ledger_stacks_find(const struct ledger_stacks *stacks, uint32_t id, struct ledger_trace *trace)
{
	const struct ledger_stacks_slot *slot;

	if (id == 0 || stacks->n_slots == 0)
		return false;
	slot = slot_of(stacks->slots, stacks->n_slots, id);
	if (slot->trace.id != id)
		return false;
	*trace = slot->trace;
	trace->frames = &stacks->frames[slot->at];
	return true;
}
