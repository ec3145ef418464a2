/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FUZZ_FUZZ_AGAIN_H
#define TESTS_FUZZ_FUZZ_AGAIN_H

/*
 * fuzz_again - folds a sequence of calls a second time, from what was recorded
 *
 * As a reader of a ledger does it: nothing but the calls, their results and the
 * kernel's recorded answers. Each call must leave the map that it left before.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../vma/resync.h"
#include "vma/vm_space.h"

/* Of everything in the set, hidden attributes and history too. */
uint64_t fuzz_again_hash(const struct memory_set *set);

/* The first answer must be the baseline; the others belong to the call stored last. */
void fuzz_again_begin(const struct vm_space *space);
void fuzz_again_answer(const struct readback *answer);
void fuzz_again_call(const struct vm_call *call);
/* The map as the call stored last left it. */
void fuzz_again_result(const struct vm_space *space);

/* Return: false when a map is another one; @why is set. @n_calls: how many were folded. */
bool fuzz_again(const struct vm_space *space, uint64_t *n_calls, char *why, size_t size);

#endif
