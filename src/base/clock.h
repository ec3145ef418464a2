/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

/*
 * clock - a tick counter that costs a few nanoseconds and no system call
 *
 * Ticks are turned into time by whoever reads them, from pairs of (ticks,
 * CLOCK_MONOTONIC) taken now and then.
 */

#include <stdint.h>

static inline uint64_t clock_ticks(void)
{
#if defined(__x86_64__)
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
#elif defined(__aarch64__)
	uint64_t ticks;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
	return ticks;
#endif
}

/* The tick counter and CLOCK_MONOTONIC, read at the same time. */
struct clock_pair {
	uint64_t ticks;
	uint64_t monotonic_ns;
};

struct clock_pair clock_pair_now(void);
uint64_t clock_realtime_ns(void);

#endif
