/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNWIND_OWN_TABLES_H
#define TESTS_UNWIND_OWN_TABLES_H

/*
 * own_tables - an unwind_host for the calling process, from what the loader tells
 *
 * For tests and benchmarks, which have nothing to hide from a loader's lock.
 */

#include <pthread.h>
#include "unwind/cfi.h"
#include "unwind/unwind.h"

struct own_tables {
	struct unwind_host host;
	struct unwind_cache cache;
	struct cfi_machine machine;
	struct addr_range stack; /* of the thread that called own_tables_init() */
	uint64_t n_lookups;
};

void own_tables_init(struct own_tables *tables);

/* Where the tables about @at are; false: nowhere. */
bool own_tables_find(uint64_t at, struct addr_range *readable, uint64_t *hdr);

#endif
