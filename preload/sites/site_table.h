/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_SITE_TABLE_H
#define PRELOAD_SITE_TABLE_H

/*
 * site_table - the call sites that are patched at this moment, and how one is
 *
 * A site that the judge has let through gets a row, a stub, and the jump to it. The row
 * outlives the mapping: as long as the jump is in memory its stub must stay, whatever the
 * map says. All with the recorder's lock held, or before main().
 */

#include <stdbool.h>
#include <stdint.h>
#include "sites/call_table.h"
#include "sites/site_judge.h"

#define SITES_MAX 1024 /* patched, at one time */

/* Overwrites what @plan says with a jump. Return: enum ledger_site_state, PATCHED or why nothing
 * was changed. */
uint8_t site_table_patch(const struct site_text *text, const struct site_plan *plan);
/* Writes to the ledger what became of a site. */
void site_table_write(const struct site_text *text, const struct site_plan *plan, uint8_t state);

/* Frees the rows in @range whose jump is not in memory any more. @mem: see code_memory_open(). */
void site_table_forget_gone(struct addr_range range, int mem);
/*
 * Writes back what jumps took the place of, in code that mremap has moved from @from to @to,
 * @size bytes of it: a jump is relative. Nobody executes it yet.
 */
void site_table_take_back(struct addr_range from, uint64_t to, uint64_t size);

/* Tells the number that the site of this index is known to call, or SITE_ANY_NR. Without the lock.
 */
uint32_t site_nr(uint64_t index);

/* Counts a site of @role inside libc or ld.so, by what became of it. */
void site_table_count(enum site_role role, uint8_t state);
/* Are all such calls inside libc and ld.so seen? */
bool site_table_sees(enum site_role role);

#endif
