/* SPDX-License-Identifier: Apache-2.0 */
#include <time.h>
#include "base/clock.h"
#include "base/sys.h"

static uint64_t clock_read_ns(int clock)
{
	struct timespec now = { 0 };

	sys_clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

struct clock_pair clock_pair_now(void)
{
	return (struct clock_pair){ clock_ticks(), clock_read_ns(CLOCK_MONOTONIC) };
}

uint64_t clock_realtime_ns(void)
{
	return clock_read_ns(CLOCK_REALTIME);
}
