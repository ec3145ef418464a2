/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_RESYNC_H
#define PRELOAD_RESYNC_H

/*
 * resync - doubt about a range is resolved by asking the kernel
 *
 * The range is read with PROCMAP_QUERY, or from the text where this kernel has no
 * such ioctl, and enters the map and the ledger as what it is: a fact that was
 * read back, with a reason. All with the recorder's lock held.
 */

#include <stdint.h>
#include "vma/vm_call.h"
#include "vma/vm_space.h"

/*
 * Above are the kernel's addresses, and [vsyscall]: a page that the text shows
 * and the ioctl does not, and that no call can change.
 */
#define RESYNC_USER_END (1ULL << 63)

/* Asks the kernel about @range, changes the map, and writes both to the ledger. */
void resync_range(struct addr_range range, enum vm_reason reason, uint64_t event);

/* Asks about the whole mapping that @addr lies in. */
void resync_mapping(uint64_t addr, enum vm_reason reason, uint64_t event);

/*
 * Asks about the page @addr and what is above, to the end of the mapping that @addr lies in, or
 * of the next one.
 */
void resync_up_from(uint64_t addr, enum vm_reason reason, uint64_t event);

/* Asks about what vm_apply() could not tell of the call that is recorded as @event. */
void resync_doubts(const struct vm_doubts *doubts, uint64_t event);

/* Asks about everything: something may have been missed. The set is whole. */
void resync_everything(void);

/* Asks about the gaps in @range that stacks above may have grown into: see vm_edge_next(). */
void resync_edges(struct addr_range range);

/* Asks about the gaps that must be known before @call is applied: see vm_ranges_to_know(). */
void resync_before(const struct vm_call *call);

/* Asks about what the kernel could not be asked about before, if it can be now. */
void resync_unread(void);

/*
 * The break may be another than we think, and does not show in a map. It is asked for before
 * the next call that moves it.
 */
void resync_doubt_break(void);

#endif
