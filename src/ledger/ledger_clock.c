/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Ticks to nanoseconds, along straight lines between the clock pairs of the
 * header and of the segments. The first and the last pair set the frame; pairs
 * that do not lie between their neighbours are damaged or stale, and ignored.
 */

#include <string.h>
#include "ledger/ledger_clock.h"
#include "ledger/ledger_reader_private.h"

static void put(struct ledger_clock *clock, unsigned at, uint64_t ticks, uint64_t ns)
{
	memmove(&clock->pair[at + 1], &clock->pair[at], (clock->n - at) * sizeof(clock->pair[0]));
	clock->pair[at].ticks = ticks;
	clock->pair[at].ns = ns;
	clock->n++;
}

static void add(struct ledger_clock *clock, uint64_t ticks, uint64_t ns)
{
	unsigned at = 0;

	while (at < clock->n && clock->pair[at].ticks < ticks)
		at++;
	if (clock->n >= LEDGER_CLOCK_PAIRS || at == 0 || ns <= clock->pair[at - 1].ns)
		return;
	if (at < clock->n && (clock->pair[at].ticks == ticks || ns >= clock->pair[at].ns))
		return;
	put(clock, at, ticks, ns);
}

void ledger_clock_init(struct ledger_clock *clock, const struct ledger_header *header,
		       const struct ledger_slot *slots, unsigned n_slots)
{
	clock->n = 0;
	put(clock, 0, header->start_ticks, header->start_monotonic_ns);
	add(clock, header->last_ticks, header->last_monotonic_ns);
	for (unsigned i = 0; i < n_slots; i++)
		if (slots[i].lap > 1)
			add(clock, slots[i].head.ticks, slots[i].head.monotonic_ns);
}

/* Nanoseconds per tick on the line between pair @i and the next. */
static double slope(const struct ledger_clock *clock, unsigned i)
{
	double ticks = (double)(clock->pair[i + 1].ticks - clock->pair[i].ticks);

	return (double)(clock->pair[i + 1].ns - clock->pair[i].ns) / ticks;
}

/* Behind the last pair the whole recording says how fast the ticks are. */
static double overall_slope(const struct ledger_clock *clock)
{
	unsigned last = clock->n - 1;

	if (last == 0)
		return 1;
	return (double)(clock->pair[last].ns - clock->pair[0].ns) /
	       (double)(clock->pair[last].ticks - clock->pair[0].ticks);
}

uint64_t ledger_clock_ns(const struct ledger_clock *clock, uint64_t start_ns, uint64_t ticks)
{
	unsigned i = 0;
	double ns;

	if (clock->n == 0 || ticks <= clock->pair[0].ticks)
		return 0;
	while (i + 1 < clock->n && clock->pair[i + 1].ticks <= ticks)
		i++;
	ns = (double)(ticks - clock->pair[i].ticks);
	ns *= i + 1 < clock->n ? slope(clock, i) : overall_slope(clock);
	ns += (double)(clock->pair[i].ns - start_ns);
	return ns < 1e19 ? (uint64_t)ns : UINT64_MAX;
}
