/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_TEST_RANDOM_H
#define TESTS_TEST_RANDOM_H

/* test_random - random numbers (splitmix64): the same from the same seed, everywhere. */

#include <stdint.h>
#include <stdlib.h>
#include <time.h>

static inline uint64_t draw(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15u;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

/* ML_TEST_SEED, or the time. */
static inline uint64_t seed_of_test(void)
{
	const char *given = getenv("ML_TEST_SEED");

	return given != NULL ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);
}

#endif
