/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUDIT_OWNER_H
#define AUDIT_OWNER_H

/*
 * owner - which module made a call
 */

#include "ledger/ledger_trace.h"
#include "vma/vm_space.h"

/*
 * Who made a call, from the stack that was recorded with it.
 *
 * @object:   of the module; 0: not known
 * @site:     address in it where the call was made; 0: not known
 * @internal: libc or the loader itself made the system call, for its own purposes
 */
struct owner {
	uint32_t object;
	uint64_t site;
	bool internal;
};

/* The owner of a call with this stack (NULL: no stack), by the map as it is now. */
struct owner owner_of_trace(const struct vm_space *space, const struct ledger_trace *trace);

#endif
