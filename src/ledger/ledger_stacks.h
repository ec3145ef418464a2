/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_STACKS_H
#define LEDGER_STACKS_H

/*
 * ledger_stacks - the stacks met so far while reading a ledger, by number
 *
 * Grows with the records that were read, whatever ids they claim. A stack that
 * comes again (each segment repeats those it needs) takes no further memory.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "ledger/ledger_trace.h"

struct ledger_stacks_slot;

/* All zeros is an empty one. */
struct ledger_stacks {
	struct ledger_stacks_slot *slots; /* a hash table by id */
	size_t n_slots;			  /* a power of two, or 0 */
	size_t count;
	uint64_t *frames; /* of all stacks, one after the other */
	size_t n_frames;
	size_t frames_capacity;
};

/* Frees the memory of the stacks. */
void ledger_stacks_finish(struct ledger_stacks *stacks);

/* Keeps a copy; a later stack of the same id replaces it. Return: 0 or -ENOMEM. */
int ledger_stacks_add(struct ledger_stacks *stacks, const struct ledger_trace *trace);

/* Finds the stack of this number. Return: false when there is none. @trace->frames is valid until
 * the next add. */
bool ledger_stacks_find(const struct ledger_stacks *stacks, uint32_t id,
			struct ledger_trace *trace);

#endif
