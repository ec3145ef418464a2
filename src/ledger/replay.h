/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_REPLAY_H
#define LEDGER_REPLAY_H

/*
 * replay - fold a ledger into a map, up to any moment
 *
 * The same vm_apply() and vm_replace() that ran in the shim run here.
 *
 * Checkpoints repeat what is known and are passed over, but for the one at the
 * start of what is left, and those behind lost records, which mend the map.
 */

#include "ledger/ledger_reader.h"
#include "ledger/ledger_stacks.h"
#include "vma/vm_space.h"

/* What was folded so far. */
struct replay_counts {
	uint64_t n_calls;  /* finished */
	uint64_t n_failed; /* of them, with an error as the result */
	uint64_t n_parts;  /* VM_CALL_PART records: no calls */
	uint64_t by_op[VM_OP_COUNT];
	uint64_t by_tier[VM_TIER_COUNT];
	uint64_t n_changes; /* calls that changed the map */
	uint64_t n_nested;
	uint64_t n_unordered;
	uint64_t resyncs[VM_REASON_COUNT]; /* groups, by reason */
	uint64_t resync_changes; /* groups that changed something the calls had not said */
	uint64_t n_sites[LEDGER_SITE_STATE_COUNT];
	uint64_t n_unfinished;	    /* calls begun and never completed, but for the one in flight */
	uint64_t n_unknown_objects; /* areas whose object was not declared */
	uint64_t n_stacked;	    /* finished calls that say which stack made them */
	uint64_t n_refused;	    /* groups that the set would not take */
};

struct replay {
	struct ledger_reader *reader;
	struct vm_space space;
	uint32_t *object_ids; /* ledger's object id -> id in space.objects */
	size_t n_object_ids;
	struct ledger_stacks stacks; /* met so far: those of all calls folded are here */
	struct replay_counts counts;
	struct vm_call in_flight;    /* op VM_OP_NONE: none */
	struct vm_doubts unanswered; /* of the last call: what the kernel said is not there yet */
	uint64_t event;		     /* number of the last call folded */
	uint64_t ticks;		     /* of the last record folded */
	uint64_t baseline_end; /* the part of the baseline that was folded speaks for 0 to here */
	struct vm_call last_call; /* folded; op VM_OP_NONE: none */
	/* checks made right after a call that found a difference, and the call of the first */
	uint64_t n_checks_different;
	struct vm_call first_check;
	/* the last LEDGER_VERIFY seen, of everything or of a part */
	bool has_verify;
	struct ledger_verify verify;
	struct memory_area *verify_areas; /* objects are ids of @space */
	size_t n_verify_areas;
	uint64_t verify_event; /* calls folded before it */
	/* the last comparison of the whole map, and the one before it (0: the start): what
	 * is read back after the former as unobserved was made between the two */
	uint64_t compared_event, compared_ticks;
	uint64_t since_event, since_ticks;
	/* private */
	struct memory_area *areas;
	size_t areas_capacity;
	uint64_t first_lap; /* 0: nothing was read yet */
};

/* Begins at the first record that is left. Return: 0 or -ENOMEM. The reader stays the caller's. */
int replay_init(struct replay *replay, struct ledger_reader *reader);
void replay_finish(struct replay *replay);

/**
 * replay_step() - fold the next record
 * @entry: the record, for whoever wants to look; may be NULL
 *
 * Return: 1, 0 at the end, or -ENOMEM.
 */
int replay_step(struct replay *replay, struct ledger_entry *entry);

/* The baseline comes in groups: of a ledger that has only just begun, some may not be there yet. */
bool replay_has_baseline(const struct replay *replay);

/* Folds up to and including the call with this number (and what it caused), or to the end. */
#define REPLAY_TO_END UINT64_MAX
int replay_to_event(struct replay *replay, uint64_t event);

#endif
