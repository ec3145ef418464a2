/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FUZZ_FUZZ_RANDOM_H
#define TESTS_FUZZ_FUZZ_RANDOM_H

/* fuzz_random - random numbers (xorshift64*): the same from the same seed, everywhere. */

#include <stdbool.h>
#include <stdint.h>

extern uint64_t fuzz_random_state;

static inline void fuzz_seed(uint64_t seed)
{
	fuzz_random_state = seed * 0x9e3779b97f4a7c15ULL | 1;
}

static inline uint64_t fuzz_random(void)
{
	fuzz_random_state ^= fuzz_random_state << 13;
	fuzz_random_state ^= fuzz_random_state >> 7;
	fuzz_random_state ^= fuzz_random_state << 17;
	return fuzz_random_state * 0x2545f4914f6cdd1dULL;
}

static inline uint64_t below(uint64_t limit)
{
	return (fuzz_random() >> 33) % limit;
}

static inline bool one_in(uint64_t n)
{
	return below(n) == 0;
}

#endif
