/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUDIT_RULES_LIFETIME_H
#define AUDIT_RULES_LIFETIME_H

/*
 * rules_lifetime - the rules U, about memory that is unmapped or mapped over
 */

struct audit;
struct change;
struct vm_space;

/* Looks at a call that has finished. */
void rules_lifetime(const struct change *change);
/* Looks at what is left in the end. */
void rules_lifetime_end(struct audit *audit, const struct vm_space *space);

#endif
