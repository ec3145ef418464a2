/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_SITE_TABLE_H
#define PRELOAD_SITE_TABLE_H

/*
 * site_table - the call sites that are patched, and patching one
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

/* Writes the jump of @plan. Return: enum ledger_site_state, PATCHED or why it is not. */
uint8_t site_table_patch(const struct site_text *text, const struct site_plan *plan);
/* What became of a site goes into the ledger. */
void site_table_write(const struct site_text *text, const struct site_plan *plan, uint8_t state);

/* The rows in @range whose jump is not in memory any more are free. @mem: code_memory_open(). */
void site_table_forget_gone(struct addr_range range, int mem);
/*
 * mremap has moved code from @from to @to, @size bytes of it: the bytes that jumps took the
 * place of are written back there, because a jump is relative. Nobody executes it yet.
 */
void site_table_take_back(struct addr_range from, uint64_t to, uint64_t size);

/* The number that the site of this index is known to make, or SITE_ANY_NR. */
uint32_t site_nr(uint64_t index);

/* A site of @role inside libc or ld.so was patched, or not. */
void site_table_count(enum site_role role, uint8_t state);
/* Are all such calls inside libc and ld.so seen? */
bool site_table_sees(enum site_role role);

#endif
