/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QUERY_COMPARE_H
#define QUERY_COMPARE_H

/*
 * compare - a folded ledger against the kernel's map, and what was found
 */

#include "query/ledger_view.h"
#include "query/live.h"
#include "vma/vm_compare.h"

#define FOUND_MAX 1000 /* differences kept; the rest is counted */

/*
 * One difference, free of pointers.
 *
 * @after:  number of the last event that touched the range; 0: none did
 * @before: number of the last event before the comparison
 */
struct found_difference {
	enum vm_diff kind;
	struct addr_range range;
	bool has_kernel;
	bool has_ours;
	struct memory_area kernel;
	struct memory_area ours;
	uint64_t after;
	uint64_t before;
};

enum compared_with {
	COMPARED_NOTHING, /* the process was killed before it could record the map */
	COMPARED_EARLIER, /* with a map recorded before its end, when it asked */
	COMPARED_EXIT,	  /* with the map recorded at its exit */
	COMPARED_PROCESS, /* with the running process */
};

struct findings {
	enum compared_with with;
	struct vm_comparison comparison;
	uint64_t event; /* events folded when the comparison was made */
	bool stable;	/* COMPARED_PROCESS: the map held still */
	struct found_difference *found;
	size_t n_found;
	/*
	 * With verify=each: checks right after a call that found a difference, the
	 * call of the first, and what differed then (VM_DIFF_NONE: not known).
	 */
	uint64_t n_checks_different;
	struct vm_call first_check;
	struct found_difference first_difference;
};

/* Is there a difference that no tolerance explains, at the comparison or after some call? */
bool findings_differ(const struct findings *findings);

/* How many areas the kernel's map would need at least: neighbours that look the same are one. */
uint64_t canonical_count(const struct vm_space *space);

/* Free the differences; all zeros has none. */
void findings_free(struct findings *findings);

/**
 * compare_recorded() - fold to the end, comparing where the shim recorded a map
 *
 * The last recorded map counts. @findings is overwritten, and must be freed.
 */
void compare_recorded(struct ledger_view *view, struct findings *findings);

/*
 * The first difference that a check right after a call found, whose record was
 * the last that was folded. Its kind is VM_DIFF_NONE when the record shows none.
 */
void compare_check(struct ledger_view *view, struct found_difference *first);

/**
 * compare_live() - compare with the process as it is now
 *
 * Only differences that stay are kept: a busy process is looked at several
 * times. Return: false, with view->problem. @findings must be freed in any case.
 */
bool compare_live(struct ledger_view *view, pid_t pid, struct findings *findings);

#endif
