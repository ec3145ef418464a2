/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_LEDGER_CLOCK_H
#define LEDGER_LEDGER_CLOCK_H

/*
 * ledger_clock - from ticks of the processor to nanoseconds (private to the reader)
 */

#include <stdbool.h>
#include "ledger/ledger_format.h"

/* One slot of the file, and the segment found in it. */
struct ledger_slot {
	struct ledger_segment head;
	uint64_t lap; /* 0: nothing that makes sense */
	uint32_t index;
	bool headless; /* the lap is a conclusion: the head is damaged, records behind it aren't */
};

#define LEDGER_CLOCK_PAIRS (LEDGER_SEGMENTS_MAX + 2)

struct ledger_clock {
	unsigned n;
	struct {
		uint64_t ticks;
		uint64_t ns; /* CLOCK_MONOTONIC */
	} pair[LEDGER_CLOCK_PAIRS];
};

void ledger_clock_init(struct ledger_clock *clock, const struct ledger_header *header,
		       const struct ledger_slot *slots, unsigned n_slots);
uint64_t ledger_clock_ns(const struct ledger_clock *clock, uint64_t start_ns, uint64_t ticks);

#endif
