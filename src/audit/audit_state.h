/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUDIT_AUDIT_STATE_H
#define AUDIT_AUDIT_STATE_H

/*
 * audit_state - what an audit has learned so far of mappings, threads and call sites
 */

#include "audit/event_table.h"
#include "audit/finding.h"
#include "audit/owner.h"
#include "audit/predicates.h"

/* The areas in the ranges of a call. */
struct area_list {
	struct memory_area *areas;
	size_t n, capacity;
};

/* A mapping, kept by the event that made it, and what became of it. */
struct mapping {
	struct owner owner;
	struct addr_range range; /* as it was mapped */
	uint64_t unmapped_by;	 /* the first munmap of a part of it */
	uint64_t thread_seq;	 /* the mapping call's number in its thread */
	uint32_t tid;
	uint32_t map_flags;
	uint32_t prot;
	uint64_t guard; /* of a stack: where the accessible part begins; 0: not known */
};

/* The last munmap of a range, kept by the address that the range begins at. */
struct unmapping {
	uint64_t event;
	uint64_t victim; /* event that had mapped the first page */
	struct vm_call call;
};

/* A thread's last call. */
struct thread_state {
	uint64_t seq; /* calls so far */
	uint64_t event;
	struct vm_call call;
};

/* Counts of what the calls of one call site did. */
struct site_state {
	struct owner owner;
	uint64_t n_calls;
	uint64_t n_maps;
	uint64_t n_unmapped; /* of the mappings it made */
	uint64_t n_protects;
	uint64_t n_no_ops;
	int64_t n_areas; /* by how many its calls made the map longer */
	uint64_t n_live; /* filled in at the end */
	uint64_t live_bytes;
	uint64_t event; /* an example */
	uint32_t stack;
	uint32_t tid;
	uint64_t ticks;
	uint32_t object; /* that it maps, where it is always the same; UINT32_MAX: others too */
};

/* A possible finding, to be looked at again when all is folded. */
struct candidate {
	enum audit_rule_place rule;
	struct addr_range range;
	uint64_t origin;
	uint64_t event;
	uint64_t ticks;
	uint64_t site;
	struct vm_call call;
};

/* A range and protection that the program relies on (ml_expect). */
struct expectation {
	struct addr_range range;
	uint64_t prot;
	uint64_t event; /* it was said behind this call */
};

/* All that an audit keeps while a ledger is folded. */
struct audit {
	struct audit_options options;
	struct audit_finding *findings;
	size_t n_findings, findings_capacity;
	struct event_table finding_of; /* rule and site -> finding */
	struct event_table mappings;   /* event -> struct mapping */
	struct event_table unmappings; /* start -> struct unmapping */
	struct event_table releases;   /* site that maps, site that unmaps */
	struct event_table threads;    /* tid -> struct thread_state */
	struct event_table sites;      /* site -> struct site_state */
	struct candidate *candidates;
	size_t n_candidates, candidates_capacity;
	struct expectation *expectations;
	size_t n_expectations, expectations_capacity;
	struct area_list before, after;
	struct overhang overhang; /* of the call at hand */
	uint64_t count_before;	  /* areas in the map */
	uint64_t peak_count, peak_event;
	bool out_of_memory;
};

/* One call, with the map before and after; audit_each_piece() goes through the pages it touched. */
struct change {
	struct audit *audit;
	const struct vm_space *space; /* after it */
	const struct audit_event *event;
	const struct vm_call *call;
	struct owner owner;
	bool failed;
};

/* Makes room for one more element in @array; false: memory is short. */
bool audit_make_room(void **array, size_t n, size_t *capacity, size_t size);

/* How many calls the thread has made before this one. */
uint64_t audit_thread_seq(const struct change *change);

/* The mapping that event @origin made, or NULL. */
struct mapping *audit_mapping(const struct audit *audit, uint64_t origin);

/* Is @area the main thread's stack, or may it be? */
bool audit_is_main_stack(const struct vm_space *space, const struct memory_area *area);

/* Does the object have code in this map: is it a program or a library? */
bool audit_is_module(const struct vm_space *space, uint32_t object);

static inline uint64_t audit_pages(struct addr_range range)
{
	return (range.end - range.start) / VM_PAGE_SIZE;
}

static inline bool audit_succeeded(const struct change *change, unsigned op)
{
	return !change->failed && change->call->op == op;
}

/* Did another module make the mapping? No, when it is NULL or one of the two is not known. */
static inline bool audit_is_foreign(const struct change *change, const struct mapping *mapping)
{
	return mapping != NULL && mapping->owner.object != 0 && change->owner.object != 0 &&
	       mapping->owner.object != change->owner.object;
}

/* Writes down what a call that has finished mapped, who made it, and how many areas there are. */
void audit_note_call(const struct change *change);

/* Writes down a call as the last of its thread. */
void audit_note_thread(const struct change *change);

#endif
