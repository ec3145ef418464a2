/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FUZZ_FUZZ_GENERATE_H
#define TESTS_FUZZ_FUZZ_GENERATE_H

/*
 * fuzz_generate - random calls, mostly where something is mapped
 */

#include "fuzz_call.h"
#include "fuzz_random.h"
#include "memory_set/memory_set.h"

/*
 * The next call of a sequence. @set is what is mapped now; @n_window: how many pages of the
 * zone to live in: the fewer, the more calls meet each other.
 */
void fuzz_generate(struct fuzz_call *call, const struct memory_set *set, unsigned n_window);

#endif
