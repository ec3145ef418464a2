/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FUZZ_FUZZ_RUN_H
#define TESTS_FUZZ_FUZZ_RUN_H

/*
 * fuzz_run - makes a sequence of calls for real, in a child process
 *
 * After each call three maps must be the same: the set that vm_apply() folded, with
 * its doubts answered by the kernel as in the shim; the kernel's; and the page
 * model's. In the end everything is folded again from what was recorded, and after
 * each call that map must be the one it was, to the last bit.
 *
 * The log lies in memory that parent and child share, so that it is there whatever
 * becomes of the child.
 */

#include "fuzz_call.h"
#include "vma/vm_compare.h"

enum { FUZZ_CALLS_MAX = 4096, FUZZ_SECONDS_MAX = 600 };

/*
 * What a sequence depends on besides its calls.
 *
 * @personality: READ_IMPLIES_EXEC or 0
 * @by_text:     doubts are answered from the text of maps, not by PROCMAP_QUERY
 * @n_window:    pages of the zone that are used; only matters for generating
 */
struct fuzz_setup {
	uint32_t personality;
	uint32_t by_text;
	uint32_t n_window;
};

/* Sums over all sequences. */
struct fuzz_counts {
	uint64_t n_sequences;
	uint64_t n_steps;
	uint64_t calls[OP_COUNT][2];	 /* failed, succeeded */
	uint64_t readbacks[OP_COUNT][2]; /* the map was as the kernel says, it was not */
	uint64_t tolerated[VM_DIFF_COUNT];
	uint64_t n_pages;      /* compared with the model */
	uint64_t n_unknown;    /* of them, those it could not tell */
	uint64_t n_lost;       /* pages whose hidden attributes it could not tell */
	uint64_t n_smaps;      /* comparisons of attributes */
	uint64_t n_guards;     /* pages whose guard was compared */
	uint64_t n_again;      /* calls folded again */
	uint64_t n_unobserved; /* calls that the fold has no operation for */
};

struct fuzz_log {
	struct fuzz_setup setup;
	struct fuzz_counts counts;
	uint32_t n_calls; /* made, the last one perhaps not to its end */
	struct fuzz_call calls[FUZZ_CALLS_MAX];
	int64_t result;	    /* of the last one */
	char verdict[4096]; /* what was wrong; empty: nothing */
};

/* One for the whole program. */
extern struct fuzz_log *fuzz_log;
void fuzz_log_make(void);

enum fuzz_result {
	FUZZ_EQUAL,
	FUZZ_DIFFERS, /* verdict says how; the last call of the log did it */
	FUZZ_CANT,    /* the set-up can't be had here */
};

/* @n random calls. */
enum fuzz_result fuzz_run_random(const struct fuzz_setup *setup, uint64_t seed, uint32_t n);

/* These calls; they may be the log's own. */
enum fuzz_result fuzz_run_calls(const struct fuzz_setup *setup, const struct fuzz_call *calls,
				uint32_t n);

#endif
