/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_TRACE_H
#define LEDGER_TRACE_H

/*
 * ledger_trace - one stack, outside of its records
 *
 * What the fields mean is said at struct ledger_stack.
 */

#include <stdbool.h>
#include <stdint.h>
#include "ledger/ledger_format.h"

struct ledger_trace {
	uint32_t id;
	uint8_t end; /* enum ledger_stack_end */
	uint8_t n_frames;
	uint64_t exact;
	uint64_t guessed;
	const uint64_t *frames; /* borrowed */
};

/* Return: how many records a stack of @n_frames takes. */
static inline uint32_t ledger_trace_records(unsigned n_frames)
{
	unsigned rest = n_frames > LEDGER_STACK_FRAMES ? n_frames - LEDGER_STACK_FRAMES : 0;

	return 1 + (rest + LEDGER_FRAMES_FRAMES - 1) / LEDGER_FRAMES_FRAMES;
}

/* An address inside the instruction that frame @i stands at: what to look up. */
static inline uint64_t ledger_trace_pc(const struct ledger_trace *trace, unsigned i)
{
	bool exact = i < 64 && (trace->exact >> i & 1);

	return trace->frames[i] - !exact;
}

/* Has the process recorded the signal that ends it? Then the fault's fields can be shown. */
static inline bool fault_is_met(const struct ledger_fault *fault)
{
	return fault->state >= LEDGER_FAULT_MET;
}

/* The stack of a fault that is met, as those of calls are. Its frames are the fault's. */
static inline struct ledger_trace fault_trace(const struct ledger_fault *fault)
{
	return (struct ledger_trace){
		.end = (uint8_t)fault->stack_end,
		.n_frames = (uint8_t)fault->n_frames,
		.exact = fault->exact,
		.guessed = fault->guessed,
		.frames = fault->frames,
	};
}

#endif
