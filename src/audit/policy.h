/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUDIT_POLICY_H
#define AUDIT_POLICY_H

/*
 * policy - which hardened systems would refuse a call
 */

#include "audit/audit_private.h"

/* AUDIT_MDWE and others, for one piece of a call that succeeded here. */
unsigned policy_refusals(const struct change *change, const struct memory_area *before,
			 const struct memory_area *after);

/* "MDWE, SELinux execmem, PaX MPROTECT" */
void policy_names(unsigned refusals, struct text *text);

#endif
