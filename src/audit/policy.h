/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUDIT_POLICY_H
#define AUDIT_POLICY_H

/*
 * policy - which hardened systems would refuse a call
 */

#include "audit/audit_state.h"
#include "base/text.h"

/* Policies that refuse writable and executable memory; bits. */
#define POLICY_MDWE	 0x1u
#define POLICY_EXECMEM	 0x2u /* SELinux's */
#define POLICY_EXECMOD	 0x4u
#define POLICY_EXECHEAP	 0x8u
#define POLICY_EXECSTACK 0x10u
#define POLICY_PAX	 0x20u

/* Tells which policies (POLICY_MDWE and others) would refuse one piece of a call that succeeded. */
unsigned policy_refusals(const struct change *change, const struct memory_area *before,
			 const struct memory_area *after);

/* Appends the names of policies: "MDWE, SELinux execmem, PaX MPROTECT". */
void policy_names(unsigned refusals, struct text *text);

#endif
