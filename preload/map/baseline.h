/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_BASELINE_H
#define PRELOAD_BASELINE_H

/*
 * baseline - the whole map is read from the kernel, or written to the ledger
 *
 * The kernel, ld.so and other preloaded libraries map a program before our
 * constructor runs; a fork child begins with what its parent had. Both are read
 * from the kernel, and every area says that this is where it comes from.
 */

#include "ledger/ledger_writer.h"

/* Reads all areas that the kernel has now into the set, which is empty. Return: 0 or -errno. */
int baseline_read(void);

/* Writes the whole set to the ledger, as groups with @reason. */
void baseline_write(struct ledger_writer *writer, unsigned reason);

/* Writes the whole set and what it needs at the start of a segment: a ledger_checkpoint_fn. */
void baseline_checkpoint(void *context, struct ledger_writer *writer);

/*
 * Begins a new set and reads it from the kernel, because the old one can't be trusted; that one
 * stays where it is. With the recorder's lock held.
 */
void baseline_again(void);

#endif
