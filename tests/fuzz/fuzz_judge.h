/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FUZZ_FUZZ_JUDGE_H
#define TESTS_FUZZ_FUZZ_JUDGE_H

/*
 * fuzz_judge - compares the set, the kernel's map and the page model
 */

#include <stdbool.h>
#include <stddef.h>
#include "vma/vm_space.h"

/* How thoroughly. smaps costs more than all the rest. */
enum fuzz_judging {
	JUDGE_MAPS,
	JUDGE_ATTRIBUTES, /* smaps, too */
};

/* Opens what it needs and tells the model what is there. Before the first call. */
void fuzz_judge_start(struct vm_space *space);

/*
 * After a call that failed, what the kernel has in @range is known, and what no map shows
 * is not: areas may have been moved there, or not.
 */
void fuzz_judge_doubt_hidden(struct addr_range range);

/* Such doubts go where the pages go. */
void fuzz_judge_moved(struct addr_range from, uint64_t to, uint64_t size);

/* Return: false when something differs; @why is set to what. */
bool fuzz_judge(struct vm_space *space, enum fuzz_judging how, char *why, size_t size);

/* In the child of a fork: what was not inherited goes from both, and they are compared. */
bool fuzz_judge_fork(struct vm_space *space, char *why, size_t size);

#endif
