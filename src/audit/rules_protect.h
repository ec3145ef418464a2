/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUDIT_RULES_PROTECT_H
#define AUDIT_RULES_PROTECT_H

/*
 * rules_protect - the rules P, about mprotect, and G, about guards
 */

struct change;

/* Looks at a call that has finished. */
void rules_protect(const struct change *change);

#endif
