/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_WINDOW_H
#define LEDGER_WINDOW_H

/*
 * ledger_window - the writer's view of the file: populate it, move it
 *
 * For the writer alone.
 */

#include "ledger/ledger_writer.h"

#define LEDGER_VIEW_SIZE ((uint64_t)LEDGER_HEADER_SIZE + LEDGER_WINDOW_SIZE)

static inline uint64_t ledger_segment_end(const struct ledger_writer *writer)
{
	return writer->segment_offset + writer->segment_size;
}

/* Is all of the file mapped, so that the window never has to move? */
static inline bool ledger_window_is_all(const struct ledger_writer *writer)
{
	return writer->mapped > LEDGER_VIEW_SIZE;
}

/* What the kernel must know about a mapping of ours; it forgets when the window moves. */
void ledger_window_advise(uint64_t addr, uint64_t size);

/* Write faults ahead of time. Return: 0, -EINVAL on an old kernel, or an error: no room. */
int ledger_window_populate(uint64_t addr, uint64_t size);

/**
 * ledger_window_make_ready() - room from @writer->next up to an offset in the file
 *
 * Moves the window if the next record is not in it. What lies behind the
 * window's end is left for later.
 *
 * Return: LEDGER_END_OPEN, or why not.
 */
enum ledger_end ledger_window_make_ready(struct ledger_writer *writer, uint64_t until);

/* Writes a fresh clock pair into the header, unless the writer is confined. */
void ledger_window_stamp(struct ledger_writer *writer);

#endif
